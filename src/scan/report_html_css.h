/* report_html_css.h - the style of the HTML report, and its digest. The page's policy (CSP) admits exactly this style
 * sheet and nothing else; tests/unit/test_report.c computes the digest again and fails when the two part ways.
 * Light and dark follow the reader's setting; paper is always light. */
#ifndef GH_SCAN_REPORT_HTML_CSS_H
#define GH_SCAN_REPORT_HTML_CSS_H

#define GH_REPORT_CSS_SHA256 "dllk0ktROHdSlKOsL1SJZrv32SFQGcmvJdBk/C6ezR8="

#define GH_REPORT_CSS \
	":root{color-scheme:light dark;--ink:#1c2024;--soft:#5b6470;--line:#d9dee4;--page:#f6f7f9;--card:#fff;" \
	"--unsafe:#b3261e;--incomplete:#7a3fa8;--review:#8a5a00;--clean:#1a7340;--tint:8%}\n" \
	"@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa4b0;--line:#343b44;" \
	"--page:#14171b;" \
	"--card:#1c2127;--unsafe:#ff8a80;--incomplete:#d0a2f7;--review:#f0bf57;--clean:#73d69b;--tint:14%}}\n" \
	"*{box-sizing:border-box}\n" \
	"body{margin:0;background:var(--page);color:var(--ink);" \
	"font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto," \
	"\"Helvetica Neue\",Arial,sans-serif}\n" \
	"main{max-width:62rem;margin:0 auto;padding:2rem 1.25rem 3rem}\n" \
	"h2{font-size:1.2rem;margin:2.5rem 0 .75rem}h3{font-size:1.05rem;margin:0;overflow-wrap:anywhere}\n" \
	"h4{font-size:1rem;margin:0}p{margin:.35rem 0}a{color:inherit}\n" \
	"code,.sum{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,\"DejaVu Sans Mono\",monospace;" \
	"font-size:.86em}\n" \
	"code{overflow-wrap:anywhere;white-space:pre-wrap}\n" \
	".soft{color:var(--soft);font-size:.9rem}\n" \
	".unsafe{--v:var(--unsafe)}.incomplete{--v:var(--incomplete)}.review{--v:var(--review)}" \
	".clean{--v:var(--clean)}\n" \
	".none{--v:var(--soft)}\n" \
	".card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1.1rem 1.3rem;" \
	"margin:0 0 1rem}\n" \
	".banner{border:0;border-left:8px solid var(--v);" \
	"background:color-mix(in srgb,var(--v) var(--tint),var(--card));" \
	"padding:1.4rem 1.6rem}\n" \
	".banner h1{font-size:2.3rem;line-height:1.1;letter-spacing:.02em;margin:.1rem 0 .4rem;color:var(--v)}\n" \
	".banner p{margin:0;font-size:1.05rem}" \
	".banner .soft{font-size:.85rem;letter-spacing:.04em;text-transform:uppercase}\n" \
	".tiles{display:grid;grid-template-columns:repeat(4,1fr);gap:.75rem;list-style:none;margin:1rem 0;" \
	"padding:0}\n" \
	".tiles li{background:var(--card);border:1px solid var(--line);border-top:4px solid var(--v);" \
	"border-radius:8px;" \
	"padding:.6rem .9rem}\n" \
	".tiles b{display:block;font-size:1.5rem;line-height:1.2;font-variant-numeric:tabular-nums}\n" \
	".tiles .zero{border-top-color:var(--line);color:var(--soft)}\n" \
	"dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1.2rem;margin:.6rem 0 0}\n" \
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n" \
	".tag{display:inline-block;border:1.5px solid var(--v);color:var(--v);border-radius:5px;padding:0 .45em;" \
	"font-size:.78rem;font-weight:650;letter-spacing:.03em;line-height:1.5;white-space:nowrap;" \
	"vertical-align:.08em}\n" \
	".finding{border-top:1px solid var(--line);margin-top:1rem;padding-top:1rem}\n" \
	".places{list-style:none;margin:.6rem 0 0;padding:0}\n" \
	".places li{border-left:3px solid var(--v);padding:.15rem 0 .15rem .8rem;margin:.45rem 0}\n" \
	".places .soft{overflow-wrap:anywhere}\n" \
	".scroll{overflow-x:auto;padding:.4rem .6rem}\n" \
	"table{border-collapse:collapse;width:100%;font-size:.9rem}\n" \
	"th,td{text-align:left;vertical-align:top;padding:.5rem .6rem;border-bottom:1px solid var(--line)}\n" \
	"tr:last-child td{border-bottom:0}th{color:var(--soft);font-weight:600}\n" \
	"td.path{overflow-wrap:anywhere;min-width:12rem}td.num{white-space:nowrap;" \
	"font-variant-numeric:tabular-nums}\n" \
	".sum{display:block;color:var(--soft);font-size:.78rem;overflow-wrap:anywhere}\n" \
	"footer{margin-top:2.5rem;color:var(--soft);font-size:.85rem}\n" \
	"@media (max-width:40rem){.tiles{grid-template-columns:repeat(2,1fr)}" \
	"dl{grid-template-columns:1fr;gap:0}dd{margin:0 0 .5rem}}\n" \
	"@page{size:A4;margin:16mm}\n" \
	"@media print{body{background:#fff;font-size:10.5pt}main{max-width:none;padding:0}" \
	".card,.tiles li,.finding li," \
	"tr{break-inside:avoid}article,.files{break-inside:auto}h2,h3,h4{break-after:avoid}" \
	"thead{display:table-header-group}.scroll{overflow:visible}" \
	"*{-webkit-print-color-adjust:exact;print-color-adjust:exact}}\n"
#endif
