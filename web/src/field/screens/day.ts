/** 我的一天: when I was on duty, the way I went, what I did. A worker sees their own alone. */
import { html, nothing } from "lit";
import { keyed } from "lit/directives/keyed.js";
import type { App } from "../app";
import { farWords } from "../geo";
import { type Screen, type View, empty, facts, section } from "../parts";
import { type ServerSpell, type Spell, spellsOf, walked } from "../spells";
import { t, whenWords } from "../words";
import { operationLine } from "./outbox";

const DAYS = 7;
const DAY_MS = 86_400_000;

const clock = (at: number): string => new Date(at).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });

/** 3 小时 20 分 */
export function longWords(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  const hours = Math.floor(minutes / 60);
  return hours ? t("{h} 小时 {m} 分", { h: hours, m: minutes % 60 }) : t("{m} 分钟", { m: minutes });
}

interface Look {
  at: string;
  by: string;
  why: string;
  what: string;
}

/** Who looked where I was, and why: nobody does so unseen. */
function looksOf(looks: readonly Look[] | null): View {
  if (!looks) return nothing;
  const said = looks.map((one): [string, string] => [`${whenWords(one.at)} · ${one.by}`, `${one.what === "now" ? t("当时的位置") : one.what} · ${one.why}`]);
  return section(t("谁看过我的位置"), said.length ? html`<div class="field-app__pad">${facts(said)}</div>` : html`<p class="muted field-app__pad">${t("这一周没有人看过。")}</p>`);
}

export function dayScreen(app: App): Screen {
  let told: ServerSpell[] | null = null;
  let looks: Look[] | null = null;
  let back = 0;
  let drawn = "";
  let close = (): void => undefined;
  void fetchOwn();

  async function fetchOwn(): Promise<void> {
    try {
      const answer = await app.api.get<{ spells: ServerSpell[]; looks: Look[] }>(`/duty?days=${DAYS}`);
      [told, looks] = [answer.spells, answer.looks];
      app.draw();
    } catch {
      /* without a network what this phone noted itself is shown */
    }
  }

  function pick(days: number): void {
    close();
    close = () => undefined;
    back = days;
    app.draw();
  }

  const dayAt = (days: number): Date => new Date(app.now().getTime() - days * DAY_MS);
  const within = (spell: Spell, day: string): boolean => new Date(spell.began).toDateString() === day;

  function map(spells: Spell[]): View {
    const lines = spells.map((one) => one.points.map(({ lon, lat }): [number, number] => [lon, lat])).filter((one) => one.length);
    if (!lines.length) return nothing;
    const mark = `${back}:${lines.map((one) => one.length).join()}`;
    if (drawn !== mark) {
      close();
      drawn = mark;
      requestAnimationFrame(() => {
        const host = document.querySelector<HTMLElement>("#track");
        if (host) void import("../map").then(({ openTrackMap }) => openTrackMap(host, app, lines)).then((end) => (close = end));
      });
    }
    return html`<div class="field-app__pad">${keyed(mark, html`<huying-map id="track" size="small" aria-label=${t("巡查路线")}><p class="map-words">${t("正在打开…")}</p></huying-map>`)}</div>`;
  }

  function duty(spells: Spell[]): View {
    if (!spells.length) return section(t("在岗"), html`<p class="muted field-app__pad">${t("这一天没有上岗记录。")}</p>`);
    const times = spells.map((one): [string, string] => [`${clock(one.began)}–${one.ended ? clock(one.ended) : t("现在")}`, longWords((one.ended ?? app.now().getTime()) - one.began)]);
    const far = spells.reduce((sum, one) => sum + walked(one), 0);
    const points = spells.reduce((sum, one) => sum + one.points.length, 0);
    return section(t("在岗"), html`<div class="field-app__pad">${facts([...times.reverse(), [t("走了"), points ? farWords(far) : ""], [t("位置"), points ? t("{n} 个点，只有您本人和在岗的管理人员能看", { n: points }) : t("还没有位置")]])}</div>${map(spells)}`);
  }

  return {
    title: t("我的一天"),
    back: "#/mine",
    leave: () => close(),
    view() {
      const day = dayAt(back).toDateString();
      const spells = spellsOf(told, app.rows, app.duty.noted).filter((one) => within(one, day));
      const rows = app.rows.filter((one) => !["position", "look", "duty"].includes(one.kind) && new Date(one.at).toDateString() === day).reverse();
      const names = Array.from({ length: DAYS }, (_none, days) => (days === 0 ? t("今天") : days === 1 ? t("昨天") : whenWords(dayAt(days).toISOString())));
      return html`<div class="stack">
        <div class="chips" role="group" aria-label=${t("哪一天")}>${names.map((name, days) => html`<button type="button" class="chip" aria-pressed=${back === days} @click=${() => pick(days)}>${name}</button>`)}</div>
        ${duty(spells)}${looksOf(looks)}
        ${rows.length ? section(t("做了 {n} 件", { n: rows.length }), html`<div class="lines">${rows.map((one) => operationLine(app, one))}</div>`) : empty("calendar", t("这一天没有记录"), t("报告、填表、签到，做完都记在这里，手机上留一周。"))}
      </div>`;
    },
  };
}
