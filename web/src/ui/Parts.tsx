import * as RadixSwitch from "@radix-ui/react-switch";
import { useId, type ReactNode } from "react";
import { sentence } from "../lib/format";
import { Icon, type IconName } from "./Icon";

/** Small pieces that every page uses. */
export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick?: () => void;
  disabled?: boolean;
  pressed?: boolean;
  shortcut?: string;
}) {
  const { icon, label, onClick, disabled, pressed, shortcut } = props;
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-pressed={pressed}
      title={shortcut ? `${label} (${shortcut})` : label}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}

export type Tone = "plain" | "moss" | "sky" | "amber" | "rose" | "ember";

export function Badge({
  tone = "plain",
  icon,
  children,
  title,
}: {
  tone?: Tone;
  icon?: IconName;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span className={`badge badge-${tone}`} title={title}>
      {icon && <Icon name={icon} size={13} />}
      {children}
    </span>
  );
}

export function Switch({
  label,
  checked,
  onChange,
  disabled,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}) {
  const id = useId();
  return (
    <div className="switch-row">
      <label htmlFor={id}>{label}</label>
      <RadixSwitch.Root id={id} className="switch" checked={checked} onCheckedChange={onChange} disabled={disabled}>
        <RadixSwitch.Thumb className="switch-thumb" />
      </RadixSwitch.Root>
    </div>
  );
}

/** An error that leads on: what happened, what to do, and a way to do it. */
export function ErrorNote(props: { message: string; hint?: string; onRetry?: () => void; retryLabel?: string }) {
  return (
    <div className="error-note" role="alert">
      <Icon name="alert" />
      <div>
        <p>{sentence(props.message)}</p>
        {props.hint && <p className="error-hint">{sentence(props.hint)}</p>}
      </div>
      {props.onRetry && (
        <button type="button" className="button" onClick={props.onRetry}>
          {props.retryLabel ?? "Try again"}
        </button>
      )}
    </div>
  );
}

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="empty">
      <span className="empty-icon">
        <Icon name={icon} size={26} />
      </span>
      <h3>{title}</h3>
      {children}
    </div>
  );
}

export function Progress({ label, done, total }: { label: string; done: number; total: number }) {
  const known = total > 0;
  return (
    <progress
      className="progress"
      aria-label={label}
      {...(known ? { value: Math.min(done, total), max: total } : {})}
    />
  );
}

export function PageHead({ title, lead, children }: { title: string; lead: string; children?: ReactNode }) {
  return (
    <header className="page-head">
      <div>
        <h1>{title}</h1>
        <p>{lead}</p>
      </div>
      {children}
    </header>
  );
}
