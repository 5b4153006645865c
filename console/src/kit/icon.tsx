// The signs of the page. They decorate: what they mean is said by a label beside or on the button.

const PATHS = {
  search: "M7 12.5a5.5 5.5 0 1 0 0-11 5.5 5.5 0 0 0 0 11Zm4-1.5 3.5 3.5",
  plus: "M8 3v10M3 8h10",
  close: "m4 4 8 8m0-8-8 8",
  help: "M6 6a2 2 0 1 1 2.8 1.85c-.5.25-.8.65-.8 1.15v.5M8 11.7v.1M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z",
  sun: "M8 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm0-9.5V3m0 10v1.5M1.5 8H3m10 0h1.5M3.4 3.4l1.06 1.06m7.08 7.08 1.06 1.06m0-9.2-1.06 1.06M4.46 11.54 3.4 12.6",
  moon: "M13.5 9.5A5.8 5.8 0 0 1 6.5 2.5a5.8 5.8 0 1 0 7 7Z",
  left: "m10 3-5 5 5 5",
  right: "m6 3 5 5-5 5",
  down: "m3.5 6 4.5 4.5L12.5 6",
  copy: "M5.5 5.5v-3h8v8h-3m-8-5h8v8h-8z",
  check: "m3 8.5 3.5 3.5L13 4.5",
  phone: "M5.5 2.5 7 6 5.3 7.3a8 8 0 0 0 3.4 3.4L10 9l3.5 1.5v2a1 1 0 0 1-1.1 1A10.5 10.5 0 0 1 2.5 3.6a1 1 0 0 1 1-1.1Z",
  hangup: "M2 10.2C2 6.6 14 6.6 14 10.2v1.3l-3.3-.6-.4-2a9 9 0 0 0-4.6 0l-.4 2-3.3.6Z",
  keypad: "M4 3.5h.01M8 3.5h.01M12 3.5h.01M4 8h.01M8 8h.01M12 8h.01M4 12.5h.01M8 12.5h.01M12 12.5h.01",
  speaker: "M2.5 6v4H5l3.5 3V3L5 6Zm8.5-.5a3.5 3.5 0 0 1 0 5m1.8-6.8a6 6 0 0 1 0 8.6",
  mic: "M8 10a2.2 2.2 0 0 0 2.2-2.2V4a2.2 2.2 0 0 0-4.4 0v3.8A2.2 2.2 0 0 0 8 10Zm4.5-2.5A4.5 4.5 0 0 1 8 12a4.5 4.5 0 0 1-4.5-4.5M8 12v2.5",
  send: "M2.5 8h9.5M8.5 4l4 4-4 4",
  filter: "M2 4h12M4.5 8h7M6.5 12h3",
  link: "M6.5 9.5a2.8 2.8 0 0 0 4 0l2.3-2.3a2.8 2.8 0 0 0-4-4l-.8.8m1.5 2.5a2.8 2.8 0 0 0-4 0L3.2 8.8a2.8 2.8 0 0 0 4 4l.8-.8",
  clock: "M8 4.5V8l2.5 1.5M8 14.5a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13Z",
  pencil: "M3 13l.6-2.6L10.8 3.2a1.1 1.1 0 0 1 1.6 0l.4.4a1.1 1.1 0 0 1 0 1.6L5.6 12.4 3 13z",
  trash: "M3.5 4.5h9M6.5 4.3V3h3v1.3M4.7 4.7l.6 8.3h5.4l.6-8.3",
  eye: "M1.8 8S4 4 8 4s6.2 4 6.2 4S12 12 8 12 1.8 8 1.8 8zM8 9.8a1.8 1.8 0 1 0 0-3.6 1.8 1.8 0 0 0 0 3.6z",
  lock: "M4.5 7.5h7v5h-7zM5.8 7.5V5.6a2.2 2.2 0 0 1 4.4 0v1.9",
  warning: "M8 2.5l6 11H2zM8 6.5v3.2M8 11.6v.2",
  fork: "M5 3.2v5.3M5 8.5c0 2 6 .6 6 3.3M11 3.2v2.4c0 2-3.4 2-5.4 2.9M5 12.8v-4",
  up: "M4 10l4-4 4 4",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, className = "" }: { readonly name: IconName; readonly className?: string }) {
  const width = name === "keypad" ? 2.4 : 1.5;
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" className={`${/\bsize-/.test(className) ? "" : "size-4"} shrink-0 ${className}`} fill="none" stroke="currentColor" strokeWidth={width} strokeLinecap="round" strokeLinejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
