/** 我的: what I did today, on duty or not, how the sync is, this phone. */
import { html, nothing } from "lit";
import type { App } from "../app";
import { allJudged, isAsked } from "../own";
import { type Screen, type View, ask, empty, facts, icon, notice, press, row, section, sizeWords } from "../parts";
import { t, whenWords } from "../words";
import { operationLine } from "./outbox";

interface DeviceRow {
  id: string | number;
  name: string;
  seen_at?: string;
  last_seen?: string;
  revoked_at?: string | null;
  current?: boolean;
}

export function mineScreen(app: App): Screen {
  let storage = "";
  let devices: DeviceRow[] | null = null;
  void measure();
  void list();

  async function measure(): Promise<void> {
    const found = await navigator.storage?.estimate?.();
    if (!found?.quota) return;
    storage = t("已用 {used}，还可用 {left}", { used: sizeWords(found.usage ?? 0), left: sizeWords(found.quota - (found.usage ?? 0)) });
    app.draw();
  }

  async function list(): Promise<void> {
    try {
      const found = await app.api.get<DeviceRow[] | { devices: DeviceRow[] }>("/devices");
      devices = (Array.isArray(found) ? found : found.devices).filter((one) => !one.revoked_at);
      app.draw();
    } catch {
      /* without a network the list is simply not there */
    }
  }

  async function revoke(device: DeviceRow): Promise<void> {
    if (!(await ask(t("停用“{name}”？", { name: device.name }), t("它下次联网时会清除自己的资料。没送出的内容会丢失。"), t("停用")))) return;
    try {
      await app.api.post(`/devices/${device.id}/revoke`, { why: t("本人停用") });
      await list();
    } catch {
      app.say(t("没有成功，请连上网络再试。"));
    }
  }

  async function erase(): Promise<void> {
    const lost = app.unsent.length + app.drafts.length;
    const words = lost ? t("还有 {n} 件没有送出，会一起删掉，不能找回。", { n: lost }) : t("都已送到。下次使用要重新设密码、重新同步。");
    if (await ask(t("清除这部手机上的资料？"), words, t("清除"))) await app.end("wish");
  }

  const duty = (): View => html`<div class="card stack stack--tight duty-card ${app.duty.on ? "duty-card--on" : ""}">
    <div class="split"><div><h2>${app.duty.on ? t("在岗") : t("不在岗")}</h2><p class="muted small">${app.duty.on ? t("正在记录巡查位置，顶上一直有标记。") : t("不记录位置。")}</p></div>
    ${press(app.duty.on ? t("下岗") : t("上岗"), () => app.duty.turn(!app.duty.on, app.duty.on ? t("下岗") : t("上岗")), app.duty.on ? "secondary" : "primary")}</div>
    ${app.duty.on && app.duty.refused ? notice("warn", t("手机没有允许定位"), t("请在浏览器的网站设置里允许位置，巡查才会有路线。")) : nothing}
  </div>`;

  function today(): View {
    const day = app.now().toDateString();
    const mine = app.rows.filter((one) => one.kind !== "position" && one.kind !== "look" && new Date(one.at).toDateString() === day).reverse();
    const whole = row("#/mine/day", "map", t("我的一天"), t("上岗时间、走过的路、做过的事"));
    if (!mine.length) return section(t("今天做的"), html`${whole}${empty("calendar", t("今天还没有记录"), t("报告、填表、签到，做完都记在这里。"))}`);
    const count = (kind: string): number => mine.filter((one) => one.kind === kind).length;
    const numbers: [number, string][] = [[count("submission"), t("表格")], [count("report"), t("报告")], [count("check_in"), t("签到")], [count("record"), t("登记")]];
    return section(t("今天做的"), html`<div class="tallies">${numbers.map(([number, words]) => html`<p><strong>${number}</strong><span>${words}</span></p>`)}</div><div class="lines">${whole}${mine.slice(0, 30).map((one) => operationLine(app, one))}</div>`);
  }

  /** What I sent and what was said to it; a mark where somebody waits for a word of mine. */
  function records(): View {
    const asked = allJudged(app.all("judged") ?? [], app.rows).filter(isAsked).length;
    return html`<div class="lines">${row("#/mine/record", "list", t("我的记录"), asked ? t("有 {n} 条核实请您看看", { n: asked }) : t("交过的表、更正、对我工作的核实"), asked ? icon("warning", "line__warn") : nothing)}</div>`;
  }

  const phones = (): View =>
    devices?.length
      ? section(t("我的设备"), html`<div class="lines">${devices.map((one) => html`<div class="line">${icon("phone")}<span class="line__words"><span class="line__title">${one.name}</span><span class="line__more">${String(one.id) === String(app.device?.id) ? t("这部") : t("上次 {when}", { when: whenWords(one.seen_at ?? one.last_seen ?? "") || "—" })}</span></span>${String(one.id) === String(app.device?.id) ? nothing : press(t("停用"), () => revoke(one), "secondary")}</div>`)}</div>`)
      : nothing;

  const emergency = (): View => {
    const names: Record<string, string> = { police: t("报警"), fire: t("火警"), ambulance: t("急救"), traffic: t("交通事故"), hotline: t("政务热线") };
    const numbers = Object.entries(app.session?.places ?? {});
    return numbers.length ? section(t("紧急电话"), html`<div class="calls">${numbers.map(([name, number]) => html`<a class="btn btn--secondary" href="tel:${number}"><strong>${number}</strong><span>${names[name] ?? name}</span></a>`)}</div>`) : nothing;
  };

  return {
    title: t("我的"),
    view() {
      const big = document.documentElement.dataset.mode === "elder";
      const last = app.sync.health.last ? whenWords(new Date(app.sync.health.last).toISOString()) : t("还没有");
      const places = new Map((app.all("place") ?? []).map((one) => [one.id, String(one.b.name ?? "")]));
      const areas = app.session?.areas.map((one) => places.get(one.code) || one.name).join("、") ?? "";
      return html`<div class="stack">
        <div class="record-head">${icon("person", "icon--large")}<div><h2>${app.session?.person.name ?? ""}</h2><p class="muted small">${areas}</p></div></div>
        ${duty()}${records()}${today()}
        ${section(t("同步"), html`<div class="field-app__pad">${facts([[t("上次同步"), last], [t("待送"), String(app.unsent.length)], [t("没有被收下"), String(app.rows.filter((one) => one.state === "refused").length)], [t("两边不一样"), String(app.rows.filter((one) => one.state === "conflict").length)], [t("手机空间"), storage], [t("资料可留"), t("没有网络最多 {n} 天", { n: app.session?.hold_days ?? 0 })]])}</div>${row("#/outbox", "refresh", t("看看每一件"))}`)}
        ${phones()}${emergency()}
        ${section(t("这部手机"), html`<div class="lines">
          <button type="button" class="line" @click=${() => app.setLanguage(app.language === "en" ? "zh" : "en")}>${icon("language")}<span class="line__words"><span class="line__title">${app.language === "en" ? html`<span lang="zh-Hans">中文</span>` : html`<span lang="en">English</span>`}</span></span></button>
          <button type="button" class="line" @click=${() => app.setBig(!big)}>${icon("text-size")}<span class="line__words"><span class="line__title">${big ? t("标准字") : t("大字")}</span></span></button>
          ${row("#/mine/pin", "lock", t("换手机密码"))}
          <button type="button" class="line" @click=${() => app.shut()}>${icon("lock")}<span class="line__words"><span class="line__title">${t("现在上锁")}</span></span></button>
          <button type="button" class="line" @click=${erase}>${icon("trash")}<span class="line__words"><span class="line__title">${t("清除这部手机上的资料")}</span></span></button>
        </div>`)}
        <p class="muted small">${t("版本 {version}", { version: app.page.version })}</p>
      </div>`;
    },
  };
}
