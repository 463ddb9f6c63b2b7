/** Line icons on a grid of 24, drawn for this app. They are decoration: the control beside them has the words. */
const PATHS = {
  alert: "M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.1",
  arrowDown: "M12 5v14M6 13l6 6 6-6",
  arrowUp: "M12 19V5M6 11l6-6 6 6",
  chat: "M4 5.5h16v11.5H11l-4.5 3.5V17H4z",
  check: "M5 12.5 10 17.5 19.5 7",
  chevron: "m7 10 5 5 5-5",
  close: "m6 6 12 12M18 6 6 18",
  cloud: "M7 18.5a4.3 4.3 0 0 1-.4-8.58 5.8 5.8 0 0 1 11.1 1.3A3.7 3.7 0 0 1 17 18.5z",
  columns: "M4 5h16v14H4zM12 5v14",
  copy: "M9 9h11v11H9zM5.5 15H4V4h11v1.5",
  cube: "m12 3 8 4.5v9L12 21l-8-4.5v-9zM4 7.5l8 4.5 8-4.5M12 12v9",
  document: "M6 3h8l4.5 4.5V21H6zM14 3v4.5h4.5M9 12.5h6M9 16.5h6",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  help: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9.6 9.4a2.5 2.5 0 1 1 3.6 2.4c-.8.4-1.2.9-1.2 1.8M12 16.8v.1",
  home: "M4 11 12 4.5 20 11v9h-5.5v-5.5h-5V20H4z",
  leave: "M13 5H5v14h8M10 12h10M16.5 8l4 4-4 4",
  lock: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M19.5 14.5A8 8 0 0 1 9.5 4.5a8 8 0 1 0 10 10z",
  more: "M6 12h.01M12 12h.01M18 12h.01",
  pencil: "M4 20l1-4.5L16 4.5l3.5 3.5-11 11z",
  plus: "M12 5v14M5 12h14",
  privacy: "M12 3.5 5 6v5.5c0 4.3 2.9 7.4 7 9 4.1-1.6 7-4.7 7-9V6zM9 12l2.2 2.2L15.2 10",
  refresh: "M19 12a7 7 0 1 1-2.1-5M19 4v4h-4",
  search: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5 20 20",
  sliders: "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
  stop: "M7 7h10v10H7z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  trash: "M5 7h14M9.5 7V4.5h5V7M7 7l.8 13h8.4L17 7M10.5 11v5M13.5 11v5",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 18 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
