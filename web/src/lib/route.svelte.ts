// Where one is: path and query of the address, so that a link shows the same to whoever opens it.

class Route {
  path = $state(location.pathname);
  search = $state(location.search);

  get query(): URLSearchParams {
    return new URLSearchParams(this.search);
  }

  go(address: string, { replace = false } = {}): void {
    if (address === this.path + this.search) return;
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.read();
    if (!replace) scrollTo(0, 0);
  }

  /** Keep part of a screen's state in the address; values that are empty leave it. */
  keep(words: Record<string, string>): void {
    const query = this.query;
    for (const [name, value] of Object.entries(words)) value ? query.set(name, value) : query.delete(name);
    const text = query.toString();
    this.go(this.path + (text ? `?${text}` : ""), { replace: true });
  }

  read(): void {
    this.path = location.pathname;
    this.search = location.search;
  }
}

export const route = new Route();

/** Follow links inside the pages without loading them anew; all others are the browser's. */
export function followLinks(): () => void {
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element | null)?.closest?.("a");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute("download") || link.pathname.startsWith("/api/")) return;
    if (link.hash) return;
    event.preventDefault();
    route.go(link.pathname + link.search);
  };
  const back = () => route.read();
  document.addEventListener("click", follow);
  addEventListener("popstate", back);
  return () => {
    document.removeEventListener("click", follow);
    removeEventListener("popstate", back);
  };
}
