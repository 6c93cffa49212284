/** The app: what it knows, what it does, and which screen stands. Screens read from here and press here. */
import { Api, NoAnswer, Refusal } from "./api";
import { Book } from "./book";
import { Duty } from "./duty";
import { overlayRecords, overlayTasks } from "./overlay";
import { type Verdict, judge, type Standing } from "./scope";
import { type Gone, type NewOperation, Store } from "./store";
import { building } from "./sync-core";
import { Sync } from "./sync";
import type { Draft, Held, Point, Row, Session, Upload } from "./types";
import * as vault from "./vault";
import { type PageData, language, speak, t } from "./words";

/** How often a phone that is locked or signed out asks whether it was stopped. */
const STANDING_MS = 60_000;

export type Gate = "loading" | "new" | "locked" | "open" | "other" | "gone" | "unfit";

interface Device {
  id: string | number;
  token: string;
}

export class App {
  gate: Gate = "loading";
  goneWhy = "";
  session: Session | null = null;
  rows: Row[] = [];
  uploads: Upload[] = [];
  drafts: Draft[] = [];
  point: Point | null = null;
  verdict: Verdict = { may: "work", daysLeft: 0 };
  offset = 0;
  /** What is being said; worked out anew at each drawing where it depends on how things stand. */
  said: string | (() => string) = "";
  fresh: ServiceWorker | null = null;
  store!: Store;
  book!: Book;
  sync!: Sync;
  duty!: Duty;
  lock: vault.Lock | undefined;
  device: Device | null = null;
  readonly api: Api;
  private key: CryptoKey | null = null;
  private touched = Date.now();
  private asked = 0;
  private saidTimer = 0;
  private drawing = false;
  private keeping: Promise<unknown> = Promise.resolve();

  /** What is on the screen right now may still have to be kept before the lock shuts or the page leaves. */
  beforeLeaving: () => Promise<void> = () => Promise.resolve();

  constructor(
    readonly page: PageData,
    private readonly paint: () => void,
  ) {
    this.api = new Api(page.api);
    this.api.csrf = document.querySelector<HTMLMetaElement>('meta[name="csrf-token"]')?.content ?? "";
  }

  /** Draw soon, once, however many things changed. */
  draw = (): void => {
    if (this.drawing) return;
    this.drawing = true;
    queueMicrotask(() => {
      this.drawing = false;
      this.paint();
    });
  };

  say(text: string | (() => string), seconds = 5): void {
    clearTimeout(this.saidTimer);
    this.said = text;
    this.saidTimer = window.setTimeout(() => {
      this.said = "";
      this.draw();
    }, seconds * 1000);
    this.draw();
  }

  now = (): Date => new Date(Date.now() + this.offset);

  // --- beginning, lock, end ---

  async begin(): Promise<void> {
    if (!("indexedDB" in window) || !crypto.subtle || !navigator.locks) return this.pass("unfit");
    this.store = await Store.open(() => location.reload());
    this.book = new Book(this.store, this.draw);
    this.duty = new Duty(this);
    this.sync = new Sync(this.store, this.api, {
      session: (session, offset) => this.meet(session, offset),
      page: (change) => this.book.apply(change),
      changed: () => this.read(),
      purge: (why) => this.end(why),
      unknown: () => this.enrol(),
      signedOut: () => this.askStanding(),
    });
    this.lock = await this.store.lockKept();
    this.watchIdle();
    await this.keepTime();
    this.pass(this.lock ? "locked" : "new");
    if (this.lock) void this.askStanding();
  }

  /** A lost phone is locked and soon signed out, and must hear all the same that it was stopped: its number is asked for,
      which nobody can guess and which opens nothing. */
  private askStanding = async (): Promise<void> => {
    if (this.asked + STANDING_MS > Date.now() || !navigator.onLine) return;
    this.asked = Date.now();
    const own = await this.store.meta<string>("device_id");
    if (!own) return;
    const standing = await this.api.get<{ revoked: boolean; ended: boolean }>(`/devices/${own}/standing`).catch(() => null);
    if (standing?.revoked) await this.end("device_revoked");
    else if (standing?.ended) await ((await this.store.countUnsent()) ? this.dropRecords() : this.end("off_duty_ended"));
  };

  /** Nothing of the registry stays; what the worker wrote does, until it is sent. */
  private async dropRecords(): Promise<void> {
    await this.store.dropRecords();
    this.book.forget();
    this.draw();
  }

  private pass(gate: Gate): void {
    this.gate = gate;
    this.draw();
  }

  /** A new lock; the device is made known to the server and the first sync begins. */
  async setUp(pin: string): Promise<void> {
    await this.refreshToken();
    const { lock, key } = await vault.makeLock(pin);
    this.store.unlock(key);
    await this.enrol();
    await this.store.setMeta("lock", lock);
    this.lock = lock;
    this.key = key;
    await navigator.storage?.persist?.();
    await this.enter();
  }

  async enrol(): Promise<void> {
    const device = await this.api.post<Device & { hold_days: number }>("/devices", { name: deviceName(), app: this.page.version });
    this.device = { id: device.id, token: device.token };
    this.api.token = device.token;
    await this.store.setSecretMeta("device", this.device);
    await this.store.setMeta("device_id", String(device.id));
  }

  /** A CSRF token of the session as it is now: the page may come from the store of long ago. */
  private async refreshToken(): Promise<void> {
    const answer = await fetch(this.page.root, { cache: "no-store", redirect: "manual" }).catch((problem: unknown) => {
      throw new NoAnswer(String(problem));
    });
    if (!answer.ok) throw new Refusal(answer.type === "opaqueredirect" ? 401 : answer.status, "signed_out", "");
    const found = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector<HTMLMetaElement>('meta[name="csrf-token"]');
    this.api.csrf = found?.content ?? this.api.csrf;
  }

  /** Try a PIN: opens, or counts against the lock; after ten wrong ones in a row everything here is erased. */
  async unlock(pin: string): Promise<boolean> {
    const lock = await this.store.lockKept();
    if (!lock || vault.secondsLeft(lock, Date.now()) > 0) return false;
    const tried = vault.afterWrong(lock, Date.now());
    await this.store.setMeta("lock", tried); // counted before it is tried: pulling the plug gains nothing
    const key = await vault.openLock(lock, pin);
    this.lock = key ? vault.afterRight(lock) : tried;
    if (!key) {
      if (vault.mustPurge(tried)) await this.end("wrong_pin");
      this.draw();
      return false;
    }
    await this.store.setMeta("lock", this.lock);
    this.store.unlock(key);
    this.key = key;
    await this.enter();
    return true;
  }

  private async enter(): Promise<void> {
    this.touched = Date.now();
    this.device = (await this.store.secretMeta<Device>("device")) ?? null;
    this.api.token = this.device?.token ?? "";
    this.session = (await this.store.secretMeta<Session>("session")) ?? null;
    this.offset = (await this.store.meta<number>("offset")) ?? 0;
    this.sync.health.last = (await this.store.meta<number>("last")) ?? 0;
    await this.keepTime();
    await this.read();
    await this.sweep();
    await this.duty.begin();
    this.pass("open");
    this.sync.start();
  }

  async shut(): Promise<void> {
    if (!this.key) return;
    await this.beforeLeaving().catch(() => undefined);
    await this.keeping;
    await this.duty.rest();
    this.key = null;
    this.store.lock();
    this.sync.stop();
    this.book.forget();
    Object.assign(this, { rows: [], drafts: [], session: null });
    this.pass("locked");
  }

  async changePin(old: string, pin: string): Promise<boolean> {
    const lock = this.lock && (await vault.changePin(this.lock, old, pin));
    if (!lock) return false;
    await this.store.setMeta("lock", lock);
    this.lock = lock;
    return true;
  }

  /** Everything held here goes, and the app says why. */
  async end(why: string): Promise<void> {
    this.sync.stop();
    await this.duty.rest(false);
    this.key = null;
    this.goneWhy = why;
    this.book.forget();
    Object.assign(this, { rows: [], drafts: [], uploads: [], session: null, lock: undefined });
    await this.store.purge();
    history.replaceState(null, "", this.page.root); // the address may name a record
    this.pass("gone");
  }

  private watchIdle(): void {
    const touch = (): void => void (this.touched = Date.now());
    for (const type of ["pointerdown", "keydown", "input"]) addEventListener(type, touch, { passive: true, capture: true });
    const look = (): void => {
      if (this.gate === "open" && Date.now() - this.touched > vault.IDLE_MS) void this.shut();
      else if (this.gate === "open") void this.keepTime();
      if (this.gate === "locked") {
        this.draw();
        void this.askStanding();
      }
    };
    setInterval(look, 15_000);
    document.addEventListener("visibilitychange", () => {
      look();
      if (document.hidden) void this.beforeLeaving();
    });
    for (const type of ["online", "offline"]) addEventListener(type, this.draw);
  }

  /** How long what is held may still be held. Past it the records go; what the worker wrote stays, sealed, to be sent. */
  private async keepTime(): Promise<void> {
    const kept = await this.store.meta<Standing>("standing");
    if (!kept) return;
    const now = this.now().getTime();
    this.verdict = judge(kept, now);
    if (now > kept.latest) await this.store.setMeta("standing", { ...kept, latest: now });
    if (this.verdict.may === "purge") await this.dropRecords();
  }

  /** The server says who this is. False when the phone holds the work of somebody else. */
  private async meet(session: Session, offset: number): Promise<boolean> {
    this.api.csrf = session.csrf || this.api.csrf;
    const owner = await this.store.secretMeta<string>("owner");
    if (owner && owner !== session.person.number) {
      this.pass("other");
      return false;
    }
    this.session = session;
    this.offset = offset;
    const server = Date.parse(session.server_time);
    await this.store.setSecretMeta("owner", session.person.number);
    await this.store.setSecretMeta("session", session);
    await this.store.setMeta("offset", offset);
    await this.store.setMeta("standing", { server, holdDays: session.hold_days, latest: server } satisfies Standing);
    this.verdict = judge({ server, holdDays: session.hold_days, latest: server }, server);
    this.duty.hear(session.on_duty && !session.ended);
    if (session.ended) {
      await this.dropRecords();
      this.say(t("您的网格岗位已经结束：资料已清除，没送出的内容正在送，送完就清空。"), 30);
    }
    return true;
  }

  // --- reading ---

  async read(): Promise<void> {
    if (this.store.locked) return;
    [this.rows, this.uploads, this.drafts] = await Promise.all([this.store.rows(), this.store.uploads(), this.store.drafts()]);
    this.draw();
  }

  /** Photos of nothing any more, and what arrived a week ago, are let go. */
  private async sweep(): Promise<void> {
    const old = new Date(Date.now() - 7 * 86_400_000).toISOString();
    const over = this.rows.filter((row) => row.state === "applied" && row.at < old).map((row) => row.id);
    const wanted = new Set([...this.rows.filter((row) => row.state !== "applied").flatMap((row) => row.files), ...this.drafts.flatMap((draft) => draft.files)]);
    const loose = this.uploads.map((one) => one.id).filter((id) => !wanted.has(id));
    if (over.length || loose.length) await this.store.setRows([], over, loose);
    if (over.length) await this.read();
  }

  /** Records of a kind as the worker sees them; null while they are being opened. */
  all(kind: string): Held[] | null {
    const records = this.book.of(kind);
    if (!records) return null;
    return kind === "task" ? overlayTasks(records, this.rows) : overlayRecords(kind, records, this.rows);
  }

  one(kind: string, id: string): Held | null {
    return this.all(kind)?.find((record) => record.id === id) ?? null;
  }

  get unsent(): Row[] {
    return this.rows.filter((row) => row.state === "ready" || row.state === "waiting");
  }

  get troubled(): Row[] {
    return this.rows.filter((row) => row.state === "conflict" || row.state === "refused");
  }

  get offline(): boolean {
    return !navigator.onLine || this.sync.health.fault === "offline";
  }

  // --- doing ---

  /** One operation into the outbox. It is safe from here on, whatever happens to page, phone or network. */
  async send(fresh: Partial<NewOperation> & Pick<NewOperation, "kind" | "title" | "body">, gone: Gone = {}): Promise<Row> {
    await this.keeping;
    const mended = this.rows.find((one) => one.id === gone.operation);
    const row = await this.store.act(
      { id: crypto.randomUUID(), subject: null, base: null, branch: null, after: [], files: [], at: new Date().toISOString(), ...fresh },
      { ...gone, strike: mended?.state === "refused" },
    );
    await this.read();
    this.sync.poke();
    return row;
  }

  /** A change to a registry record, chained to those of it that have not been sent. `version` is what the worker saw. */
  change(kind: string, uid: string, version: number, changes: Record<string, unknown>, title: string, gone: Gone = {}): Promise<Row> {
    const rows = this.rows.filter((row) => row.id !== gone.operation);
    const { base, branch, after } = building(rows, uid, version);
    return this.send({ kind: "record", subject: uid, base, branch: branch ?? crypto.randomUUID(), after, title, body: { kind, changes } }, gone);
  }

  /** Keep a draft; drafts are written one after the other, the last wins. */
  keepDraft(draft: Draft): Promise<void> {
    const kept = this.keeping.then(() => (this.store.locked ? undefined : this.store.keepDraft(draft)));
    this.keeping = kept.catch(() => undefined);
    return kept;
  }

  async dropDraft(draft: Draft): Promise<void> {
    await this.keeping;
    await this.store.dropDraft(draft.id);
    await this.store.setRows([], [], draft.files);
    await this.read();
  }

  async addFile(blob: Blob): Promise<string> {
    const id = crypto.randomUUID();
    await this.store.addUpload(id, blob);
    return id;
  }

  async fileUrl(id: string): Promise<string> {
    const blob = await this.store.blob(id);
    return blob ? URL.createObjectURL(blob) : "";
  }

  /** Take an operation out of the outbox. What the server knows of is struck there first. */
  async remove(row: Row): Promise<void> {
    await this.sync.remove(row);
    await this.store.setRows([], [row.id], row.files);
    await this.read();
  }

  setLanguage(code: "zh" | "en"): void {
    localStorage.setItem("huying-language", code);
    speak(this.page, code);
    this.draw();
  }

  setBig(on: boolean): void {
    localStorage.setItem("huying-big", on ? "1" : "");
    document.documentElement.dataset.mode = on ? "elder" : "normal";
    this.draw();
  }

  get language(): "zh" | "en" {
    return language();
  }
}

/** What the worker and the supervisor read in the list of devices. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const model = /Android [\d.]+; ([^;)]+)/.exec(agent)?.[1] ?? (/iPhone|iPad|Windows|Macintosh|Linux/.exec(agent)?.[0] || t("这台设备"));
  const browser = /MicroMessenger|HuaweiBrowser|EdgA?|Firefox|Chrome|Safari/.exec(agent)?.[0] ?? "";
  return [model.trim(), browser].filter(Boolean).join(" · ").slice(0, 60);
}
