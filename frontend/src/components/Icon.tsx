/** Our own icons: 20 by 20, one stroke, drawn for 16–24 px. Decoration: the words stand beside. */
const PATHS = {
  home: "M3 9.5 10 4l7 5.5M5 8.5V16h10V8.5",
  announce: "M3.5 8v4h2l6 3.5v-11L5.5 8h-2ZM14.5 7.5a3.5 3.5 0 0 1 0 5M6 12l1 4",
  medal: "M10 12.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9ZM7.2 11.6 6 17l4-2 4 2-1.2-5.4",
  pen: "M4 16l.8-3.4L13.4 4a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.4 15.2 4 16ZM11.8 5.6l2.6 2.6",
  calendar: "M4 5.5h12V16H4V5.5ZM4 8.5h12M7 3.5v3M13 3.5v3",
  queue: "M7 5.5h9M7 10h9M7 14.5h9M4 5.5h.01M4 10h.01M4 14.5h.01",
  plug: "M7 3.5v4M13 3.5v4M5 7.5h10v2a5 5 0 0 1-10 0v-2ZM10 14.5v2.5",
  check: "M4.5 10.5l3.5 3.5 7.5-8",
  cross: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  plus: "M10 4v12M4 10h12",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 6.2V10l2.6 1.8",
  retry: "M15.6 8A6 6 0 1 0 16 11.4M16 4v4h-4",
  question: "M7.6 7.6a2.5 2.5 0 1 1 3.4 2.3c-.7.3-1 .8-1 1.6M10 14.3h.01",
  alert: "M10 6.5v4.2M10 13.6h.01M10 3.2 17.2 16H2.8L10 3.2Z",
  lock: "M5.5 9h9v7h-9V9ZM7.2 9V6.8a2.8 2.8 0 0 1 5.6 0V9",
  skip: "M5 5l6 5-6 5V5ZM14.5 5v10",
  slash: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM5.2 5.2l9.6 9.6",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  sun: "M10 13.2a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4ZM10 2.5v1.7M10 15.8v1.7M2.5 10h1.7M15.8 10h1.7M4.7 4.7l1.2 1.2M14.1 14.1l1.2 1.2M4.7 15.3l1.2-1.2M14.1 5.9l1.2-1.2",
  moon: "M16 11.8A6.5 6.5 0 0 1 8.2 4 6.5 6.5 0 1 0 16 11.8Z",
  half: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 3v14M10 6h3.5M10 9h5M10 12h4.6M10 15h2.5",
  globe: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM3.2 10h13.6M10 3c-4.5 4.5-4.5 9.5 0 14M10 3c4.5 4.5 4.5 9.5 0 14",
  user: "M10 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM4 16.5c.6-3 3-4.5 6-4.5s5.4 1.5 6 4.5",
  leave: "M8 4H4.5v12H8M8 10h8.5M13.5 7l3 3-3 3",
  search: "M9 14a5 5 0 1 0 0-10 5 5 0 0 0 0 10ZM12.7 12.7 16.5 16.5",
  down: "M5.5 8l4.5 4.5L14.5 8",
  left: "M12 5l-5 5 5 5",
  right: "M8 5l5 5-5 5",
  link: "M8.5 11.5l3-3M7.5 9 5.3 11.2a2.5 2.5 0 0 0 3.5 3.5L11 12.5M12.5 11l2.2-2.2a2.5 2.5 0 0 0-3.5-3.5L9 7.5",
  external: "M8 5H4.5v10.5H15V12M11.5 4H16v4.5M16 4l-7 7",
  copy: "M7.5 7.5h8v8.5h-8V7.5ZM12.5 7.5V4h-8v8.5h3",
  share: "M14 7.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM6 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM14 16.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7.8 9l4.4-2.5M7.8 11l4.4 2.5",
  image: "M3.5 4.5h13v11h-13v-11ZM3.5 13l3.5-3.5 3 3 2.5-2.5 4 4M12.5 8h.01",
  crop: "M6 2.5V14h11.5M2.5 6H14v11.5",
  wifi: "M3.5 8.5a9.5 9.5 0 0 1 13 0M6 11.3a5.8 5.8 0 0 1 8 0M10 15h.01",
  unplugged: "M3.5 8.5a9.5 9.5 0 0 1 4-2.3M16.5 8.5a9.5 9.5 0 0 0-4-2.3M10 15h.01M3.5 3.5l13 13",
  keyboard: "M2.5 5.5h15v9h-15v-9ZM5.5 8.5h.01M8.5 8.5h.01M11.5 8.5h.01M14.5 8.5h.01M6.5 11.7h7",
  eye: "M2.5 10s2.7-4.5 7.5-4.5 7.5 4.5 7.5 4.5-2.7 4.5-7.5 4.5S2.5 10 2.5 10ZM10 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  spark: "M10 3l1.7 5.3L17 10l-5.3 1.7L10 17l-1.7-5.3L3 10l5.3-1.7L10 3Z",
  info: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14ZM10 9.5V13.5M10 6.7h.01",
  // channels
  page: "M5.5 17V4M5.5 4.5h9l-2 3 2 3h-9",
  camera: "M4 5h12v11H4V5ZM10 13.3a2.8 2.8 0 1 0 0-5.6 2.8 2.8 0 0 0 0 5.6ZM13.7 7.2h.01",
  network: "M4 8.5v7M4 5h.01M8 15.5v-7M8 11.5c0-2 1.2-3 3.2-3s2.8 1.2 2.8 3v4",
  bubble: "M4 16l1-3.2A6.3 6.3 0 1 1 7.4 15L4 16ZM7.8 8.3c.3 2 1.9 3.7 4 4l.8-1",
  mail: "M3 5h14v10.5H3V5ZM3.5 5.7 10 11l6.5-5.3",
  phone: "M6.5 3h7v14h-7V3ZM9.3 14.7h1.4M8.5 6h3M8.5 8.5h3",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg
      className="icon"
      width={size}
      height={size}
      viewBox="0 0 20 20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.7"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}

/** The mark: one stroke that fans out to six. */
export function Mark({ size = 28 }: { size?: number }) {
  const ends = [5, 9, 13, 17, 21, 25];
  return (
    <svg
      className="mark"
      width={size}
      height={size}
      viewBox="0 0 30 30"
      aria-hidden="true"
      focusable="false"
    >
      <g fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round">
        {ends.map((y) => (
          <path key={y} d={`M6 15C13.5 15 14.5 ${y} 22 ${y}`} />
        ))}
      </g>
      <g fill="currentColor">
        {ends.map((y) => (
          <circle key={y} cx="24.5" cy={y} r="1.6" />
        ))}
      </g>
      <circle className="mark-source" cx="5.5" cy="15" r="3.2" />
    </svg>
  );
}
