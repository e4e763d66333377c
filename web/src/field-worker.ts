// Keeps the pages of the field on the phone, so that they open without a signal. It holds files alone: no answer of
// the service ever lies here, those are kept by person in `lib/phone.ts`. The build writes in which files there are;
// another list makes another worker, and the browser then puts it in the place of this one.

interface Lifetime extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface Asked extends Lifetime {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  location: Location;
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void> };
  addEventListener(name: "install" | "activate", heard: (event: Lifetime) => void): void;
  addEventListener(name: "fetch", heard: (event: Asked) => void): void;
}

const scope = self as unknown as Scope;
const FILES = JSON.parse("__FILES__") as string[];
const MARK = "moms-field-";
const NAME = `${MARK}__VERSION__`;
const SHELL = "/index.html";

async function fill(): Promise<void> {
  const cache = await caches.open(NAME);
  // Past the browser's own cache: a shell of one build with files of another would be no page at all.
  await cache.addAll(FILES.map((file) => new Request(file, { cache: "reload" })));
  await scope.skipWaiting();
}

async function clear(): Promise<void> {
  const old = (await caches.keys()).filter((name) => name.startsWith(MARK) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  await scope.clients.claim();
}

async function kept(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(NAME);
  return (await cache.match(file)) ?? fetch(request);
}

scope.addEventListener("install", (event) => event.waitUntil(fill()));
scope.addEventListener("activate", (event) => event.waitUntil(clear()));
scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== scope.location.origin || url.pathname.startsWith("/api/")) return;
  if (request.mode === "navigate") event.respondWith(kept(SHELL, request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, request));
});

export {};
