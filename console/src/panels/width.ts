// How wide an element is, where the room of the panel decides and not that of the page.

import { useEffect, useRef, useState } from "react";

/** A ref for the element, and its width in whole pixels. @param first the width until it is known. */
export function useWidth(first: number) {
  const element = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(first);
  useEffect(() => {
    const { current } = element;
    if (!current) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.round(entry!.contentRect.width)));
    observer.observe(current);
    return () => observer.disconnect();
  }, []);
  return [element, width] as const;
}
