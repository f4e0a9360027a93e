/* Sentences that give orders to a reader who is a program, in eight languages. Not phrases but features: words that call for
 * what was said before to be forgotten, that name the reader, that demand a verdict, that order. Only several of them close
 * together make an order; each alone stands in any text. */
#include "check/injection_int.h"

enum { NEAR = 260, CLOSE = 52, BOUND = 40 };

/* clang-format off */
#define IGNORE(X) \
	X("ignore") X("disregard") X("forget ") X("override") X("overwrite your") X("bypass") \
	X("do not follow") X("don't follow") X("stop following") X("pay no attention") X("set aside") \
	X("supersede") X("cancel all") X("ignorier") X("vergiss") X("vergessen sie") X("missachte") \
	X("ignorez") X("ignorer") X("oubliez") X("oublie ") X("ne tenez pas compte") X("ne tiens pas compte") \
	X("ignora ") X("ignoren") X("olvida") X("haz caso omiso") X("descarta") X("desconsidere") \
	X("esque\xc3\xa7\x61") X("\xe5\xbf\xbd\xe7\x95\xa5") X("\xe6\x97\xa0\xe8\xa7\x86") \
	X("\xe5\xbf\x98\xe8\xae\xb0") X("\xe4\xb8\x8d\xe8\xa6\x81\xe7\x90\x86\xe4\xbc\x9a") \
	X("\xe7\x84\xa1\xe8\xa6\x96") X("\xe5\xbf\x98\xe3\x82\x8c") X("\xe5\xbf\xbd\xe8\xa6\x96") \
	X("\xd0\xb8\xd0\xb3\xd0\xbd\xd0\xbe\xd1\x80\xd0\xb8\xd1\x80") \
	X("\xd0\x97\xd0\xb0\xd0\xb1\xd1\x83\xd0\xb4\xd1\x8c") \
	X("\xd0\xb7\xd0\xb0\xd0\xb1\xd1\x83\xd0\xb4\xd1\x8c") \
	X("\xd0\x98\xd0\xb3\xd0\xbd\xd0\xbe\xd1\x80\xd0\xb8\xd1\x80")
#define BEFORE(X) \
	X("previous") X("prior ") X("above") X("earlier") X("preceding") X("foregoing") X("all other") \
	X("all your") X("any other") X("your original") X("your current") X("everything you") X("vorherig") \
	X("bisherig") X("obige") X("vorangegangen") X("alle anderen") X("pr\xc3\xa9\x63\xc3\xa9\x64\x65nt") \
	X("ant\xc3\xa9rieur") X("ci-dessus") X("anterior") X("previa") X("previo") X("pr\xc3\xa9vi") X("acima") \
	X("\xe4\xb9\x8b\xe5\x89\x8d") X("\xe4\xbb\xa5\xe4\xb8\x8a") X("\xe5\x85\x88\xe5\x89\x8d") \
	X("\xe5\x89\x8d\xe9\x9d\xa2") X("\xe6\x89\x80\xe6\x9c\x89") X("\xe4\xbb\xa5\xe5\x89\x8d") \
	X("\xe3\x81\x93\xe3\x82\x8c\xe3\x81\xbe\xe3\x81\xa7") X("\xe4\xb8\x8a\xe8\xa8\x98") \
	X("\xd0\xbf\xd1\x80\xd0\xb5\xd0\xb4\xd1\x8b\xd0\xb4\xd1\x83\xd1\x89") \
	X("\xd0\xbf\xd1\x80\xd0\xb5\xd0\xb6\xd0\xbd") X("\xd0\xb2\xd1\x8b\xd1\x88\xd0\xb5") \
	X("\xd0\xb2\xd1\x81\xd0\xb5 ")
#define RULES(X) \
	X("instruction") X("your prompt") X("system prompt") X("prompts") X("guideline") X("directive") \
	X("system message") X("your rules") X("rules") X("your task") X("safety check") X("security polic") \
	X("constraints") X("anweisung") X("richtlinie") X("vorgaben") X("consigne") X("instrucci") \
	X("directriz") X("directrices") X("instru\xc3\xa7") X("diretriz") X("\xe6\x8c\x87\xe4\xbb\xa4") \
	X("\xe6\x8f\x90\xe7\xa4\xba") X("\xe8\xaf\xb4\xe6\x98\x8e") X("\xe8\xa7\x84\xe5\x88\x99") \
	X("\xe6\x8c\x87\xe7\xa4\xba") X("\xe5\x91\xbd\xe4\xbb\xa4") \
	X("\xe3\x83\x97\xe3\x83\xad\xe3\x83\xb3\xe3\x83\x97\xe3\x83\x88") \
	X("\xd0\xb8\xd0\xbd\xd1\x81\xd1\x82\xd1\x80\xd1\x83\xd0\xba\xd1\x86\xd0\xb8") \
	X("\xd1\x83\xd0\xba\xd0\xb0\xd0\xb7\xd0\xb0\xd0\xbd\xd0\xb8") \
	X("\xd0\xbf\xd1\x80\xd0\xb0\xd0\xb2\xd0\xb8\xd0\xbb")
#define READER(X) \
	X("ai assistant") X("ai agent") X("ai model") X("ai review") X("ai system") X("ai reader") \
	X("language model") X(" llm") X("chatgpt") X("claude") X("copilot") X("gemini") X("you are an ai") \
	X("you are now") X("assistants") X("assistant:") X("scanner") X("reviewer") X("automated review") \
	X("automated agent") X("security tool") X("code review") X("summarizer") X("summariser") X("ai tool") \
	X("any ai") X("an ai") X("note to ai") X("ki-assistent") X("sprachmodell") X("die ki") \
	X("pr\xc3\xbc\x66\x65r") X("assistant ia") X("mod\xc3\xa8le de langage") X("une ia") X("asistente") \
	X("modelo de lenguaje") X("modelo de linguagem") X("assistente") X("una ia") X("uma ia") \
	X("\xe4\xba\xba\xe5\xb7\xa5\xe6\x99\xba\xe8\x83\xbd") X("\xe5\x8a\xa9\xe6\x89\x8b") \
	X("\xe8\xaf\xad\xe8\xa8\x80\xe6\xa8\xa1\xe5\x9e\x8b") X("\xe5\xae\xa1\xe6\x9f\xa5") \
	X("\xe6\x89\xab\xe6\x8f\x8f") \
	X("\xe3\x82\xa2\xe3\x82\xb7\xe3\x82\xb9\xe3\x82\xbf\xe3\x83\xb3\xe3\x83\x88") \
	X("\xe8\xa8\x80\xe8\xaa\x9e\xe3\x83\xa2\xe3\x83\x87\xe3\x83\xab") \
	X("\xd0\xb0\xd1\x81\xd1\x81\xd0\xb8\xd1\x81\xd1\x82\xd0\xb5\xd0\xbd\xd1\x82") \
	X("\xd1\x8f\xd0\xb7\xd1\x8b\xd0\xba\xd0\xbe\xd0\xb2") X("\xd0\x98\xd0\x98") \
	X("\xd1\x81\xd0\xba\xd0\xb0\xd0\xbd\xd0\xb5\xd1\x80")
#define VERDICT(X) \
	X("is safe") X("as safe") X("safe to") X("completely safe") X("fully safe") X("no issue") \
	X("no vulnerab") X("no malicious") X("no malware") X("no security") X("no risk") X("not malicious") \
	X("harmless") X("trustworthy") X("verified and") X("fully verified") X("approved") X("approve ") \
	X("as clean") X("is clean") X("benign") X("highest rating") X("five stars") X("10/10") \
	X("positive review") X("best model") X("no problem") X("no finding") X("nothing suspicious") \
	X("sicher ist") X("ist sicher") X("als sicher") X("unbedenklich") X("ungef\xc3\xa4hrlich") \
	X("est s\xc3\xbbr") X("sans danger") X("sans risque") X("es seguro") X("como seguro") \
	X("\xc3\xa9 seguro") X("sin riesgo") X("sem risco") X("\xe5\xae\x89\xe5\x85\xa8") \
	X("\xe6\x97\xa0\xe5\xae\xb3") X("\xe5\x95\x8f\xe9\xa1\x8c\xe3\x81\xaa") \
	X("\xd0\xb1\xd0\xb5\xd0\xb7\xd0\xbe\xd0\xbf\xd0\xb0\xd1\x81")
#define ORDERS(X) \
	X("you must") X("you should") X("you will") X("must say") X("must report") X("must state") \
	X("must respond") X("must reply") X("must answer") X("must mark") X("must not") X("respond with") \
	X("respond only") X("reply with") X("say it") X("say that") X("state that") X("report that") \
	X("report it") X("report this") X("report the") X("tell the user") X("tell them") X("tell users") \
	X("inform the user") X("answer that") X("output ") X("classify") X("mark this") X("mark it") \
	X("rate this") X("rate it") X("conclude that") X("recommend") X("always ") X("act as") X("pretend") \
	X("when summari") X("when review") X("when asked") X("when describ") X("when \x65valuat") \
	X("when scan") X("when analy") X("skip the") X("skip all") X("please ") X("instead") X("antworte") \
	X("sage ") X("sagen sie") X("melde") X("gib aus") X("bewerte") X("behaupte") X("r\xc3\xa9pond") \
	X("dites") X("d\xc3\xa9\x63lare") X("signale") X("affirme") X("responde") X("di que") X("informa") \
	X("declara") X("respon\x64\x61") X("diga") X("\xe5\x9b\x9e\xe7\xad\x94") X("\xe8\xaf\xb7\xe8\xaf\xb4") \
	X("\xe5\x91\x8a\xe8\xaf\x89") X("\xe8\xbe\x93\xe5\x87\xba") X("\xe6\x8a\xa5\xe5\x91\x8a") \
	X("\xe5\x9b\x9e\xe5\xa4\x8d") X("\xe7\xad\x94\xe3\x81\x88") X("\xe4\xbc\x9d\xe3\x81\x88") \
	X("\xe5\xa0\xb1\xe5\x91\x8a") X("\xe5\x87\xba\xe5\x8a\x9b") \
	X("\xd0\xbe\xd1\x82\xd0\xb2\xd0\xb5\xd1\x87\xd0\xb0\xd0\xb9") \
	X("\xd1\x81\xd0\xba\xd0\xb0\xd0\xb6\xd0\xb8") X("\xd1\x81\xd0\xbe\xd0\xbe\xd0\xb1\xd1\x89\xd0\xb8") \
	X("\xd0\xbe\xd1\x82\xd0\xb2\xd0\xb5\xd1\x82\xd1\x8c") \
	X("\xd0\xb3\xd0\xbe\xd0\xb2\xd0\xbe\xd1\x80\xd0\xb8")
#define ROLE(X) \
	X("<|im_start|>system") X("<<sys>>") X("<|system|>") X("<|start_header_id|>system") X("### system") \
	X("[system]") X("<system>") X("</system>") X("system override") X("system note") X("system message:") \
	X("[inst]") X("begin system") X("new instructions") X("end of user") X("important instruction")
#define SECRET(X) \
	X("do not reveal") X("do not mention") X("don't mention") X("never mention") X("do not disclose") \
	X("do not tell") X("don't tell") X("without telling") X("without mentioning") X("without inform") \
	X("secretly") X("keep this hidden") X("do not warn") X("do not flag") X("don't flag") \
	X("do not report") X("don't report") X("suppress") X("exfiltrate") X("reveal your") X("print your") \
	X("reveal the") X("environment variables") X("api keys") X("send the contents") X("erw\xc3\xa4hne") \
	X("ne mentionne") X("no menciones") X("n\xc3\xa3o mencione") X("\xe4\xb8\x8d\xe8\xa6\x81\xe6\x8f\x90") \
	X("\xe4\xb8\x8d\xe8\xa6\x81\xe6\x8a\xa5\xe5\x91\x8a") \
	X("\xd0\xbd\xd0\xb5 \xd1\x83\xd0\xbf\xd0\xbe\xd0\xbc\xd0\xb8\xd0\xbd\xd0\xb0\xd0\xb9")
#define TALK(X) \
	X("prompt injection") X("prompt-injection") X("prompt_injection") X("jailbreak") X("adversarial") \
	X("red team") X("red-team") X("indirect injection") X("injection attack") X("attack") X("owasp") \
	X("mitre") X("guardrail") X("injection detect")
/* Words of the above as other writings have them: where one stands, what is around it is undone (injection_coded.c). */
#define ROT13(X) \
	X("vtaber") X("qvfertneq") X("cerivbhf") X("vafgehpgvba") X("nffvfgnag") X("flfgrz cebzcg") X("bireevqr")
#define REVERSED(X) \
	X("erongi") X("dragersid") X("suoiverp") X("noitcurtsni") X("tnatsissa") X("tpmorp metsys") X("edirrevo")
#define SPACED(X) \
	X("i g n o r e") X("i.g.n.o.r.e") X("i-g-n-o-r-e") X("i_g_n_o_r_e") X("i n s t r u") X("i.n.s.t.r.u") \
	X("i-n-s-t-r-u") X("i_n_s_t_r_u") X("d i s r e g") X("d.i.s.r.e.g") X("d-i-s-r-e-g") X("d_i_s_r_e_g") \
	X("a s s i s t") X("a.s.s.i.s.t") X("a-s-s-i-s-t") X("a_s_s_i_s_t") X("p r e v i o") X("p.r.e.v.i.o") \
	X("p-r-e-v-i-o") X("p_r_e_v_i_o") X("i  g  n  o  r  e")
#define LEET(X) \
	X("1gn0r") X("ign0r") X("1gnor") X("!gnor") X("1nstruct") X("pr3v10") X("prev1o") X("pr3vio") X("d1sr3g") \
	X("d1sreg") X("4ss1st") X("1n5truct") X("1nstruk") X("instruct10") X("syst3m pr")
#define HEXED(X) \
	X("0x67 0x6e 0x6f 0x72") X("0x67, 0x6e, 0x6f, 0x72") X("0x67,0x6e,0x6f,0x72") X("0x69 0x67 0x6e 0x6f") \
	X("0x69, 0x67, 0x6e, 0x6f") X("0x69,0x67,0x6e,0x6f") X("0x6e 0x73 0x74 0x72") X("0x6e, 0x73, 0x74, 0x72") \
	X("0x6e,0x73,0x74,0x72") X("67 6e 6f 72 65") X("67%6e%6f%72%65") X("67-6e-6f-72-65") X("67:6e:6f:72:65") \
	X("69 67 6e 6f 72") X("69%67%6e%6f%72") X("69-67-6e-6f-72") X("69:67:6e:6f:72") X("6e 73 74 72 75") \
	X("6e%73%74%72%75") X("6e-73-74-72-75") X("6e:73:74:72:75")
#define DECIMAL(X) \
	X("103, 110, 111, 114, 101") X("103,110,111,114,101") X("103 110 111 114 101") X("103-110-111-114-101") \
	X("110, 115, 116, 114, 117") X("110,115,116,114,117") X("110 115 116 114 117") X("110-115-116-114-117")
#define BINARY(X) \
	X("01100111 01101110 01101111 01110010") X("01101110 01110011 01110100 01110010")
/* clang-format on */

#define AS_WORD(w) w,
/* Every word is an element: the macro adds the comma. */
const char *const gh_order_words[] = { IGNORE(AS_WORD) BEFORE(AS_WORD) RULES(AS_WORD) READER(AS_WORD) VERDICT(AS_WORD)
					       ORDERS(AS_WORD) ROLE(AS_WORD) SECRET(AS_WORD) TALK(AS_WORD)
						       ROT13(AS_WORD) REVERSED(AS_WORD) SPACED(AS_WORD) LEET(AS_WORD)
							       HEXED(AS_WORD) DECIMAL(AS_WORD) BINARY(AS_WORD) };
const unsigned gh_order_words_n = sizeof gh_order_words / sizeof gh_order_words[0];
_Static_assert(sizeof gh_order_words / sizeof gh_order_words[0] <= GH_KW_MAX, "more words than a finder takes");

#define ONE(w) +1u
static const unsigned many[GH_ORDERS] = { IGNORE(ONE), BEFORE(ONE), RULES(ONE),	 READER(ONE), VERDICT(ONE),
					  ORDERS(ONE), ROLE(ONE),   SECRET(ONE), TALK(ONE) };
static const unsigned coded[] = { ROT13(ONE), REVERSED(ONE), SPACED(ONE), LEET(ONE),
				  HEXED(ONE), DECIMAL(ONE),  BINARY(ONE) }; /* as in enum gh_coding */

enum gh_coding gh_order_coding(unsigned which)
{
	unsigned k = 0, before = 0;
	for (unsigned i = 0; i < GH_ORDER_CODED; i++)
		before += many[i];
	for (which -= before; k + 1 < sizeof coded / sizeof coded[0] && which >= coded[k]; k++)
		which -= coded[k];
	return (enum gh_coding)k;
}

enum gh_order gh_order_of(unsigned which)
{
	unsigned k = 0;
	for (; k + 1 < GH_ORDERS && which >= many[k]; k++)
		which -= many[k];
	return (enum gh_order)k;
}

static bool within(const struct gh_orders *o, enum gh_order what, uint64_t at, uint64_t reach)
{
	return o->last[what] != 0 && at + 1 - o->last[what] <= reach;
}

unsigned gh_orders_put(struct gh_orders *o, enum gh_order what, uint64_t at)
{
	o->last[what] = at + 1;
	if (what == GH_ORDER_TALK || what == GH_ORDER_CODED)
		return 0;
	bool ignore = within(o, GH_ORDER_IGNORE, at, CLOSE) && within(o, GH_ORDER_RULES, at, CLOSE);
	uint64_t before = o->last[GH_ORDER_BEFORE], rules = o->last[GH_ORDER_RULES];
	/* "previous instructions", "instrucciones anteriores": not "the previous version of the table, and use the instructions". */
	bool all = ignore && within(o, GH_ORDER_BEFORE, at, CLOSE) &&
		   (before < rules ? rules - before : before - rules) <= BOUND;
	bool reader = within(o, GH_ORDER_READER, at, NEAR), verdict = within(o, GH_ORDER_VERDICT, at, NEAR);
	bool order = within(o, GH_ORDER_ORDER, at, NEAR), role = within(o, GH_ORDER_ROLE, at, NEAR);
	bool secret = within(o, GH_ORDER_SECRET, at, NEAR);
	unsigned points = (all	    ? 4u
			   : ignore ? 2u
				    : 0u) +
			  (role ? 2u : 0u) + (secret ? 2u : 0u) + (verdict ? 2u : 0u) + (reader ? 1u : 0u) +
			  (order ? 1u : 0u);
	bool demands = order || ignore || secret;
	/* What is demanded, of whom or against what, and that it is demanded. */
	return demands && (all || reader || role || (ignore && verdict)) ? points : 0;
}

unsigned gh_orders_of(const struct gh_kw *k, struct gh_span s, bool *talk)
{
	struct gh_orders o = { 0 };
	unsigned which = GH_KW_NONE, most = 0;
	for (size_t i = 0; (i = gh_kw_find(k, s, i, s.n, &which)) != SIZE_MAX; i++) {
		enum gh_order what = gh_order_of(which);
		unsigned points = gh_orders_put(&o, what, i);
		*talk = *talk || what == GH_ORDER_TALK;
		most = points > most ? points : most;
	}
	return most;
}
