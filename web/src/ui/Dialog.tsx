import * as Radix from "@radix-ui/react-dialog";
import * as Alert from "@radix-ui/react-alert-dialog";
import type { ReactNode } from "react";
import { Icon } from "./Icon";

/**
 * A dialog in the middle, or a sheet from the right. The veil is an element of ours: Radix's own overlay locks scrolling with
 * an inline style, which the Content-Security-Policy refuses, and nothing behind a dialog scrolls here.
 */
export function Dialog(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: string;
  shape?: "middle" | "sheet" | "drawer";
  children: ReactNode;
}) {
  const { open, onOpenChange, title, description, shape = "middle", children } = props;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <div className="veil" />
        <Radix.Content className={`dialog dialog-${shape}`} {...(description ? {} : { "aria-describedby": undefined })}>
          <header className="dialog-head">
            <Radix.Title className="dialog-title">{title}</Radix.Title>
            <Radix.Close className="icon-button" aria-label="Close">
              <Icon name="close" />
            </Radix.Close>
          </header>
          {description && <Radix.Description className="dialog-description">{description}</Radix.Description>}
          <div className="dialog-body">{children}</div>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** Asks before something that cannot be undone. */
export function Confirm(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  text: string;
  action: string;
  onConfirm: () => void;
}) {
  return (
    <Alert.Root open={props.open} onOpenChange={props.onOpenChange}>
      <Alert.Portal>
        <div className="veil" />
        <Alert.Content className="dialog dialog-middle dialog-small">
          <Alert.Title className="dialog-title">{props.title}</Alert.Title>
          <Alert.Description className="dialog-description">{props.text}</Alert.Description>
          <div className="dialog-actions">
            <Alert.Cancel className="button">Cancel</Alert.Cancel>
            <Alert.Action className="button button-danger" onClick={props.onConfirm}>
              {props.action}
            </Alert.Action>
          </div>
        </Alert.Content>
      </Alert.Portal>
    </Alert.Root>
  );
}
