/** 巡查: rounds and their check-points, passed by scanning a code or by being there. */
import { html, nothing } from "lit";
import { scan } from "../../forms/scanning";
import type { App } from "../app";
import { farWords, metres } from "../geo";
import { type Screen, type View, empty, icon, notice, opening, press } from "../parts";
import { findPoint } from "../position";
import type { Held, Point } from "../types";
import { t, whenWords } from "../words";

const NEAR_M = 60;

interface Check {
  id: string;
  round: string;
  roundName: string;
  name: string;
  order: number;
  spot: { lon: number; lat: number } | null;
  near: number;
  code: string;
  at: string;
  waits: boolean;
}

export function checkOf({ id, b }: Held, passed: ReadonlyMap<string, { at: string; waits: boolean }>): Check {
  const here = passed.get(id);
  const round = (b.round ?? "") as string | { uid?: string; id?: string; name?: string };
  const named = typeof round === "object";
  return {
    id,
    round: named ? String(round.uid ?? round.id ?? "") : String(b.round_uid ?? round),
    roundName: String(b.round_name ?? (named ? round.name : "") ?? ""),
    name: String(b.name ?? ""),
    order: Number(b.order ?? b.position ?? 0),
    spot: typeof b.lon === "number" && typeof b.lat === "number" ? { lon: b.lon, lat: b.lat } : null,
    near: Number(b.radius ?? b.radius_m ?? NEAR_M),
    code: String(b.code ?? ""),
    at: here?.at ?? String(b.passed_at ?? ""),
    waits: here?.waits ?? false,
  };
}

/** The code of a check-point as printed: the bare code, or the last part of an address. */
export const codeIn = (read: string): string => read.trim().replace(/[?#].*$/, "").replace(/\/+$/, "").split("/").at(-1) ?? "";

/** `asked.round`: the round somebody came for stands first. */
export function patrolScreen(app: App, asked = new URLSearchParams()): Screen {
  let camera: AbortController | null = null;
  let busy = "";

  async function checkIn(check: Check, how: "qr" | "position", code: string, point: Point | null): Promise<void> {
    await app.send({ kind: "check_in", subject: check.id, title: t("签到：{name}", { name: check.name }), body: { round: check.round, checkpoint: check.id, how, ...(code ? { code } : {}), ...(point ?? {}) } });
    app.say(t("已签到：{name}", { name: check.name }));
  }

  async function byPosition(check: Check): Promise<void> {
    busy = check.id;
    app.draw();
    const point = await findPoint();
    busy = "";
    app.point = point ?? app.point;
    if (!point) app.say(t("没能取得位置，请扫二维码签到，或看看是否允许了定位。"));
    else if (check.spot && metres(point, check.spot) > check.near + point.accuracy) app.say(t("离签到点还有 {far}，走近些再点。", { far: farWords(metres(point, check.spot)) }));
    else await checkIn(check, "position", "", point);
    app.draw();
  }

  async function byCode(checks: Check[]): Promise<void> {
    busy = "camera";
    app.draw();
    await new Promise(requestAnimationFrame);
    const video = document.querySelector<HTMLVideoElement>("#scanner video");
    if (!video) return;
    camera = new AbortController();
    try {
      const read = await scan(video, camera.signal);
      const check = read ? checks.find((one) => one.code === codeIn(read) || one.id === codeIn(read)) : undefined;
      if (check) await checkIn(check, "qr", codeIn(read), await findPoint());
      else if (read) app.say(t("这个码不是您这里的签到点。"));
    } catch {
      app.say(t("没能打开相机，请看看是否允许了拍摄。"));
    } finally {
      camera = null;
      busy = "";
      app.draw();
    }
  }

  const scanner = (): View => html`<div class="scanner" id="scanner"><video playsinline muted aria-label=${t("对准二维码")}></video><p>${t("对准二维码")}</p>${press(t("先不"), () => camera?.abort(), "secondary")}</div>`;

  function line(check: Check): View {
    const far = check.spot && app.point ? metres(app.point, check.spot) : null;
    return html`<div class="line">${icon(check.at ? "check-circle" : "pin", check.at ? "line__done" : "")}
      <span class="line__words"><span class="line__title">${check.name}</span><span class="line__more">${check.at ? `${whenWords(check.at)}${check.waits ? ` · ${t("待送")}` : ""}` : far === null ? t("还没到") : farWords(far)}</span></span>
      ${check.at ? nothing : press(t("到了"), () => byPosition(check), "secondary", { busy: busy === check.id, disabled: busy !== "" })}</div>`;
  }

  return {
    title: t("巡查"),
    leave: () => camera?.abort(),
    view() {
      const points = app.all("checkpoint");
      if (!points) return opening();
      const today = app.now().toDateString();
      const passed = new Map(app.rows.filter((row) => row.kind === "check_in" && new Date(row.at).toDateString() === today && row.state !== "refused").map((row) => [String(row.body.checkpoint), { at: row.at, waits: row.state !== "applied" }]));
      const checks = points.map((one) => checkOf(one, passed)).map((one) => (new Date(one.at).toDateString() === today ? one : { ...one, at: "" }));
      const wanted = asked.get("round");
      const rounds = [...new Set(checks.map((one) => one.round))].sort((a, b) => Number(b === wanted) - Number(a === wanted));
      if (!checks.length) return empty("pin", t("没有巡查路线"), t("网格长排好路线后，签到点会出现在这里。路上看到情况，随时点“报告”。"), html`<a class="btn btn--primary" href="#/report">${icon("megaphone")}<span>${t("报告")}</span></a>`);
      return html`<div class="stack">
        ${busy === "camera" ? scanner() : press(t("扫码签到"), () => byCode(checks), "primary", { icon: "camera", wide: true })}
        ${app.duty.on ? nothing : notice("info", t("您现在不在岗"), t("签到照样可以；上岗后才会记录巡查路线。"), html`<p class="mt-2"><a class="btn btn--secondary" href="#/mine">${t("去上岗")}</a></p>`)}
        ${rounds.map((round) => {
          const own = checks.filter((one) => one.round === round).sort((a, b) => a.order - b.order);
          const done = own.filter((one) => one.at).length;
          return html`<section class="panel"><div class="panel__head"><h2 class="panel__title">${own[0]?.roundName || t("巡查路线")}</h2><span class="muted">${done} / ${own.length}</span></div><div class="lines">${own.map(line)}</div></section>`;
        })}
      </div>`;
    },
  };
}
