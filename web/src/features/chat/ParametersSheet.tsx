import * as Slider from "@radix-ui/react-slider";
import { useId, useState } from "react";
import type { Lane, Parameters } from "../../api/types";
import { Dialog } from "../../ui/Dialog";
import { Icon } from "../../ui/Icon";
import { PARAMETERS, readParameter, withParameter, type ParameterRow } from "./parameters";

type Settings = Pick<Lane, "system" | "parameters">;

export function ParametersSheet(props: {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  model: string;
  settings: Settings;
  onChange: (change: Partial<Settings>) => void;
}) {
  const { open, onOpenChange, model, settings, onChange } = props;
  const { parameters, system } = settings;
  const isDefault = Object.keys(parameters).length === 0 && system === "";
  const systemId = useId();
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      shape="sheet"
      title="Parameters"
      description={`For ${model || "this column"}. They hold from the next answer on.`}
    >
      <div className="field">
        <label htmlFor={systemId}>System prompt</label>
        <textarea
          id={systemId}
          rows={5}
          value={system}
          placeholder="For example: Answer in two sentences, in plain English."
          onChange={(event) => onChange({ system: event.target.value })}
        />
        <p className="field-help">What the model is told before the first message.</p>
      </div>
      {PARAMETERS.map((row) => (
        <ParameterField
          key={row.key}
          row={row}
          value={parameters[row.key]}
          onChange={(value) => onChange({ parameters: withParameter(parameters, row.key, value) })}
        />
      ))}
      <button
        type="button"
        className="button"
        disabled={isDefault}
        onClick={() => onChange({ parameters: {} as Parameters, system: "" })}
      >
        <Icon name="refresh" size={16} />
        Reset to defaults
      </button>
    </Dialog>
  );
}

function ParameterField({
  row,
  value,
  onChange,
}: {
  row: ParameterRow;
  value: number | undefined;
  onChange: (value: number | undefined) => void;
}) {
  const id = useId();
  const [typed, setTyped] = useState<string | null>(null); // only while it is no valid value
  const invalid = typed !== null;
  return (
    <div className="field">
      <div className="field-line">
        <label htmlFor={id}>{row.label}</label>
        <input
          id={id}
          inputMode="decimal"
          autoComplete="off"
          placeholder="default"
          value={typed ?? value ?? ""}
          aria-invalid={invalid}
          aria-describedby={`${id}-help`}
          onChange={(event) => {
            const read = readParameter(row, event.target.value);
            // "0." is on its way to a number: it stays as typed until it is one.
            setTyped(read === null || /\.0*$/.test(event.target.value) ? event.target.value : null);
            if (read !== null) onChange(read);
          }}
          onBlur={() => setTyped(null)}
        />
      </div>
      {row.slider && (
        <Slider.Root
          className={`slider${value === undefined ? " slider-unset" : ""}`}
          value={[value ?? row.start]}
          min={row.min}
          max={row.max}
          step={row.step}
          onValueChange={([next]) => {
            setTyped(null);
            onChange(Math.round((next ?? row.start) * 100) / 100);
          }}
        >
          <Slider.Track className="slider-track">
            <Slider.Range className="slider-range" />
          </Slider.Track>
          <Slider.Thumb className="slider-thumb" aria-label={row.label} />
        </Slider.Root>
      )}
      <p className="field-help" id={`${id}-help`}>
        {invalid
          ? `Between ${row.min} and ${row.max.toLocaleString("en")}${row.step === 1 ? ", a whole number" : ""}.`
          : row.help}
      </p>
    </div>
  );
}
