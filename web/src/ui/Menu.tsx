import * as Radix from "@radix-ui/react-dropdown-menu";
import type { ReactNode } from "react";
import { Icon, type IconName } from "./Icon";

/** A menu under a button. Not modal: see Dialog.tsx for what Radix would do to the page otherwise. */
export function Menu({
  trigger,
  children,
  align = "start",
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
}) {
  return (
    <Radix.Root modal={false}>
      <Radix.Trigger asChild>{trigger}</Radix.Trigger>
      <Radix.Portal>
        <Radix.Content className="menu" align={align} sideOffset={6} collisionPadding={8}>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

export function MenuItem(props: {
  icon: IconName;
  label: string;
  onSelect: () => void;
  danger?: boolean;
  hint?: string;
}) {
  return (
    <Radix.Item className={`menu-item${props.danger ? " menu-danger" : ""}`} onSelect={props.onSelect}>
      <Icon name={props.icon} size={16} />
      <span className="menu-label">{props.label}</span>
      {props.hint && <kbd>{props.hint}</kbd>}
    </Radix.Item>
  );
}

export interface Choice {
  value: string;
  label: string;
  note?: string;
}

export function MenuChoices(props: {
  title: string;
  value: string;
  choices: Choice[];
  onChange: (value: string) => void;
}) {
  return (
    <Radix.RadioGroup value={props.value} onValueChange={props.onChange}>
      <Radix.Label className="menu-title">{props.title}</Radix.Label>
      {props.choices.map((choice) => (
        <Radix.RadioItem key={choice.value} value={choice.value} className="menu-item">
          <span className="menu-check">
            <Radix.ItemIndicator>
              <Icon name="check" size={16} />
            </Radix.ItemIndicator>
          </span>
          <span className="menu-label">
            {choice.label}
            {choice.note && <small>{choice.note}</small>}
          </span>
        </Radix.RadioItem>
      ))}
    </Radix.RadioGroup>
  );
}

export const MenuSeparator = () => <Radix.Separator className="menu-separator" />;
