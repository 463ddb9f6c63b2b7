/** The mark: a hearth seen from its nook, with the fire inside. public/mark.svg is the same drawing for the browser's tab. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 64 64" aria-hidden="true" focusable="false">
      <rect className="mark-wall" width="64" height="64" rx="15" />
      <path className="mark-arch" d="M13 52V30a19 19 0 0 1 38 0v22h-7.5V30a11.5 11.5 0 0 0-23 0v22z" />
      <path
        className="mark-flame"
        d="M32 27c5.2 5.4 8.2 9.4 8.2 15.2a8.2 9.8 0 0 1-16.4 0c0-3 1.4-5.7 3.4-7.8.3 2.3 1.2 3.7 2.5 4.6-.4-4.4.3-8.4 2.3-12z"
      />
    </svg>
  );
}
