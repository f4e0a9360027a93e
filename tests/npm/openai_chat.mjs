// node openai_chat.mjs DIRECTORY-WITH-node_modules SOCKET: uses the engine behind a Unix socket through OpenAI's own client and prints as
// JSON what came of it. For tests/e2e/test_engine.py.
import http from "node:http";
import {createRequire} from "node:module";
import {Readable} from "node:stream";
import {pathToFileURL} from "node:url";

const [, , dir, socketPath] = process.argv;
const {default: OpenAI} = await import(pathToFileURL(createRequire(dir + "/").resolve("openai")));

// fetch() over a Unix socket.
function overSocket(url, init = {}) {
	return new Promise((resolve, reject) => {
		const request = http.request({
			socketPath, path: new URL(url).pathname, method: init.method ?? "GET",
			headers: Object.fromEntries(new Headers(init.headers)), signal: init.signal,
		}, (answer) => resolve(new Response(Readable.toWeb(answer), {status: answer.statusCode, headers: answer.headers})));
		request.on("error", reject);
		request.end(init.body);
	});
}

const client = new OpenAI({baseURL: "http://engine/v1", apiKey: "none", fetch: overSocket, maxRetries: 0});
const messages = [{role: "user", content: "What is phishing?"}];
const out = {models: []};
for await (const model of client.models.list())
	out.models.push(model.id);
const whole = await client.chat.completions.create({model: "demo", messages, temperature: 0});
out.answer = whole.choices[0].message.content;
out.finish = whole.choices[0].finish_reason;
out.stream = "";
for await (const event of await client.chat.completions.create({model: "demo", messages, temperature: 0, stream: true,
	stream_options: {include_usage: true}})) {
	out.stream += event.choices[0]?.delta.content ?? "";
	out.usage = event.usage?.total_tokens === whole.usage.total_tokens;
}
out.vector = (await client.embeddings.create({model: "demo", input: "hello"})).data[0].embedding.length; // asks for base64
const long = await client.completions.create({model: "demo", prompt: "Once", max_tokens: 400, stream: true});
for await (const event of long) {
	long.controller.abort();
	break;
}
out.aborted = long.controller.signal.aborted;
try {
	await client.chat.completions.create({model: "other", messages});
} catch (e) {
	out.error = [e.status, e.code];
}
console.log(JSON.stringify(out));
