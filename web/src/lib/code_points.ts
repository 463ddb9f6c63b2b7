/** The server counts code points, JavaScript counts UTF-16 units. Splits `text` at the code points [from, to). */
export function splitAtCodePoints(text: string, from: number, to: number): [string, string, string] {
  let units = 0;
  let points = 0;
  let start = text.length;
  let end = text.length;
  while (units < text.length) {
    if (points === from) start = units;
    if (points === to) {
      end = units;
      break;
    }
    units += (text.codePointAt(units) ?? 0) > 0xffff ? 2 : 1;
    points += 1;
  }
  end = Math.max(start, end);
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}
