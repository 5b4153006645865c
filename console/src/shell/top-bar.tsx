// What is always there: whose page it is, the way to everything, and how the page is connected.

import { Button, IconButton } from "../kit/button.tsx";
import { Icon } from "../kit/icon.tsx";
import { Kbd } from "../kit/kbd.tsx";
import { useInspector } from "../lib/inspector-context.tsx";
import { useMedia } from "../lib/media.ts";
import { go, linkTo, place } from "../lib/navigation.ts";
import { useSelected, useStore } from "../lib/use-store.ts";
import { switchTheme, theme } from "../lib/theme.ts";
import { SIDE_PAGES } from "../panels/registry.tsx";
import { overlay } from "./commands.ts";
import { ConnectionState } from "./connection-state.tsx";
import { Brand } from "./brand.tsx";

export function TopBar() {
  const { info } = useInspector();
  const isInConversation = useSelected(place, ({ view }) => view.page === "conversation");
  return (
    <>
      <div className="flex h-11 shrink-0 items-center gap-2 border-b border-line bg-pane px-3">
        <a
          href={linkTo({ page: "list" })} aria-label="conversimple: all conversations" className="flex rounded-md"
          onClick={(event) => {
            event.preventDefault();
            go({ page: "list" });
          }}
        >
          <Brand />
        </a>
        <span className="truncate text-xs text-ink-3 max-lg:hidden" title="Where state is stored">{info.store}</span>
        {info.mode === "production" ? <span className="rounded-sm bg-warn-soft px-1.5 text-2xs font-semibold text-warn uppercase">production{info.canWrite ? "" : " · read only"}</span> : null}
        <SideLinks className="max-md:hidden" />
        <span className="flex-1" />
        <button type="button" onClick={() => overlay.set("palette")} className="inline-flex h-7 items-center gap-2 rounded-md border border-edge/50 bg-page px-2 text-ink-3 hover:text-ink max-sm:hidden">
          <Icon name="search" className="size-3.5" />
          <span className="text-xs">Search or jump to</span>
          <Kbd keys="mod+k" />
        </button>
        <IconButton label="Search or jump to" onClick={() => overlay.set("palette")} className="sm:hidden"><Icon name="search" /></IconButton>
        {info.canTalk ? <Button look="accent" onClick={() => overlay.set("new-call")}><Icon name="phone" className="size-3.5" /><span>New call</span></Button> : null}
        <ConnectionState />
        <ThemeSwitch />
        <IconButton label="Keys" onClick={() => overlay.set("help")} className="max-sm:hidden"><Icon name="help" /></IconButton>
      </div>
      {/* Where there is no room for them above; in a conversation all room is its own. */}
      {isInConversation ? null : <div className="border-b border-line bg-pane px-2 pb-1 md:hidden"><SideLinks /></div>}
    </>
  );
}

/** Pages beside the list. */
function SideLinks({ className = "" }: { readonly className?: string }) {
  const shown = useSelected(place, ({ view }) => (view.page === "side" ? view.id : "conversations"));
  const links = [{ id: "conversations", title: "Conversations" }, ...SIDE_PAGES.map(({ id, title }) => ({ id, title }))];
  if (SIDE_PAGES.length === 0) return null;
  return (
    <nav aria-label="Pages" className={`flex items-center gap-0.5 ${className}`}>
      {links.map(({ id, title }) => (
        <button key={id} type="button" aria-current={shown === id ? "page" : undefined} onClick={() => go(id === "conversations" ? { page: "list" } : { page: "side", id, name: undefined })} className="h-7 rounded-md px-2 text-xs font-medium text-ink-3 hover:bg-hover hover:text-ink aria-[current=page]:bg-hover aria-[current=page]:text-ink">
          {title}
        </button>
      ))}
    </nav>
  );
}

function ThemeSwitch() {
  const chosen = useStore(theme);
  const isSystemDark = useMedia("(prefers-color-scheme: dark)");
  const isDark = chosen === "system" ? isSystemDark : chosen === "dark";
  return <IconButton label={isDark ? "Light" : "Dark"} onClick={() => switchTheme(isDark)}><Icon name={isDark ? "sun" : "moon"} /></IconButton>;
}
