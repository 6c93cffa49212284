/** Which address is which screen. Addresses live behind the #, so the page itself is one and works without a network. */
import type { App } from "./app";
import type { Screen } from "./parts";
import { changeScreen } from "./screens/change";
import { correctScreen } from "./screens/correct";
import { dayScreen } from "./screens/day";
import { findScreen } from "./screens/find";
import { formScreen } from "./screens/form";
import { judgedScreen } from "./screens/judged";
import { mineScreen } from "./screens/mine";
import { operationScreen, outboxScreen } from "./screens/outbox";
import { patrolScreen } from "./screens/patrol";
import { recordScreen } from "./screens/record";
import { reportScreen } from "./screens/report";
import { reportedScreen } from "./screens/reported";
import { recordsScreen, sentScreen } from "./screens/sent";
import { pinScreen } from "./screens/pin";
import { taskScreen } from "./screens/task";
import { todayScreen } from "./screens/today";

type Make = (app: App, parts: string[], asked: URLSearchParams) => Screen;

const ROUTES: [RegExp, Make][] = [
  [/^task\/([^/]+)$/, (app, [id]) => taskScreen(app, id ?? "")],
  [/^form\/([^/]+)$/, (app, [code], asked) => formScreen(app, code ?? "", asked)],
  [/^report$/, (app, _parts, asked) => reportScreen(app, asked)],
  [/^patrol$/, (app, _parts, asked) => patrolScreen(app, asked)],
  [/^find$/, (app) => findScreen(app)],
  [/^record\/([^/]+)\/([^/]+)$/, (app, [kind, id]) => recordScreen(app, kind ?? "", id ?? "")],
  [/^change\/([^/]+)\/([^/]+)$/, (app, [kind, id], asked) => changeScreen(app, kind ?? "", id ?? "", asked)],
  [/^mine$/, (app) => mineScreen(app)],
  [/^mine\/day$/, (app) => dayScreen(app)],
  [/^mine\/record$/, (app) => recordsScreen(app)],
  [/^sent\/([^/]+)$/, (app, [id]) => sentScreen(app, id ?? "")],
  [/^correct\/([^/]+)$/, (app, [id], asked) => correctScreen(app, id ?? "", asked)],
  [/^judged\/([^/]+)$/, (app, [key], asked) => judgedScreen(app, key ?? "", asked)],
  [/^mine\/pin$/, (app) => pinScreen(app)],
  [/^reported\/([^/]+)$/, (app, [id]) => reportedScreen(app, id ?? "")],
  [/^outbox$/, (app) => outboxScreen(app)],
  [/^outbox\/([^/]+)$/, (app, [id]) => operationScreen(app, id ?? "")],
];

export function screenOf(app: App, hash: string): Screen {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?");
  for (const [pattern, make] of ROUTES) {
    const found = pattern.exec(path);
    if (found) return make(app, found.slice(1).map(decodeURIComponent), new URLSearchParams(query));
  }
  return todayScreen(app);
}
