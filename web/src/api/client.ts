/** Every request of the app goes through here, to its own origin only, and every failure becomes an ApiError. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly hint: string,
    readonly status: number,
    readonly type: string,
    readonly requestId: string,
  ) {
    super(message);
  }
}

interface ErrorBody {
  error?: string | { message?: string; hint?: string; type?: string; request_id?: string };
}

/** The error of an answer, in either dialect: {"error": "text"} or {"error": {"message", "hint", "type"}}. */
export function errorFromBody(status: number, body: unknown, requestId = ""): ApiError {
  const error = (body as ErrorBody | null)?.error;
  if (typeof error === "string") return new ApiError(error, "", status, "", requestId);
  const fallback = status === 0 ? "The answer broke off" : `The server answered ${status}`;
  return new ApiError(
    error?.message ?? fallback,
    error?.hint ?? "",
    status,
    error?.type ?? "",
    error?.request_id ?? requestId,
  );
}

export async function send(path: string, init: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, { credentials: "same-origin", cache: "no-store", ...init });
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(
      "Inglenook does not answer",
      "Is it still running? Start it with: ingle serve",
      0,
      "unreachable",
      "",
    );
  }
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  throw errorFromBody(response.status, body, response.headers.get("X-Request-Id") ?? "");
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return (await (await send(path, { signal })).json()) as T;
}

export async function sendJson(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
  return send(path, { method, headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
}

export function isAbort(cause: unknown): boolean {
  return cause instanceof DOMException && cause.name === "AbortError";
}

export function toApiError(cause: unknown): ApiError {
  if (cause instanceof ApiError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ApiError(message, "", 0, "", "");
}
