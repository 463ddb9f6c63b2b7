import { Mark } from "../../ui/Mark";

const IDEAS = [
  { title: "Explain", text: "Explain what a checksum is to somebody who has never programmed." },
  { title: "Write", text: "Write a polite reminder about an invoice that is two weeks overdue." },
  { title: "Program", text: "Write a Python function that checks whether a text is a valid ISO date." },
];

/** What a person can do here, in the place where it will happen. */
export function EmptyChat({
  compare,
  quiet,
  onAsk,
}: {
  compare: boolean;
  quiet: boolean;
  onAsk?: (text: string) => void;
}) {
  if (quiet) {
    return (
      <div className="empty-chat empty-chat-quiet">
        <p>The same question goes to both columns. Choose another model here, or the same one with other parameters.</p>
      </div>
    );
  }
  return (
    <div className="empty-chat">
      <Mark size={48} />
      <h2>{compare ? "Ask once, compare two answers" : "What shall we work on?"}</h2>
      <p>The model runs on this machine, without a network.</p>
      {!compare && (
        <ul className="ideas">
          {IDEAS.map((idea) => (
            <li key={idea.title}>
              <button type="button" disabled={!onAsk} onClick={() => onAsk?.(idea.text)}>
                <strong>{idea.title}</strong>
                <span>{idea.text}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
