/** Asking the server. Every answer that is not a success becomes a Refusal with its status, code and words. */

export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** No answer at all: no network, or the server is away. */
export class NoAnswer extends Error {}

export class Api {
  token = "";
  csrf = "";

  constructor(private readonly root: string) {}

  get = <T>(path: string): Promise<T> => this.ask<T>("GET", path);
  post = <T>(path: string, body: unknown): Promise<T> => this.ask<T>("POST", path, JSON.stringify(body), "application/json");
  remove = <T>(path: string): Promise<T> => this.ask<T>("DELETE", path);
  bundle = <T>(path: string, bundle: Blob): Promise<T> => this.ask<T>("POST", path, bundle, "application/octet-stream");
  put = <T>(path: string, part: Blob): Promise<T> => this.ask<T>("PUT", path, part, "application/octet-stream");

  private async ask<T>(method: string, path: string, body?: BodyInit, type?: string): Promise<T> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (this.token) headers["X-Huying-Device"] = this.token;
    if (this.csrf) headers["X-CSRFToken"] = this.csrf;
    if (type) headers["Content-Type"] = type;
    let answer: Response;
    try {
      answer = await fetch(this.root + path, { method, headers, body, credentials: "same-origin", redirect: "manual", cache: "no-store", signal: AbortSignal.timeout(60_000) });
    } catch (problem) {
      throw new NoAnswer(String(problem));
    }
    if (answer.type === "opaqueredirect") throw new Refusal(401, "signed_out", "");
    const text = await answer.text().catch(() => {
      throw new NoAnswer("cut");
    });
    const json = answer.headers.get("Content-Type")?.includes("json") ? (JSON.parse(text || "null") as unknown) : null;
    if (answer.ok) return json as T;
    const problem = (json ?? {}) as { code?: string; detail?: string; title?: string };
    throw new Refusal(answer.status, problem.code ?? "", problem.detail ?? problem.title ?? "");
  }
}
