import type { InstalledModel } from "../../api/types";
import { models } from "../../app/stores";
import { formatBytes } from "../../lib/format";
import { useStore } from "../../lib/store";
import { Icon } from "../../ui/Icon";
import { Menu, MenuChoices, type Choice } from "../../ui/Menu";

const AUTO: Choice = {
  value: "auto",
  label: "auto",
  note: "answers here; asks the cloud only if your policy allows it",
};

export function choicesOf(installed: readonly InstalledModel[]): Choice[] {
  const own = installed
    .filter((model) => model.generates)
    .map((model) => ({
      value: model.name,
      label: model.name,
      note: [model.quantization, formatBytes(model.size)].filter(Boolean).join(" · "),
    }));
  return [...own, AUTO];
}

export function ModelPicker({
  model,
  onChange,
  label,
}: {
  model: string;
  onChange: (model: string) => void;
  label: string;
}) {
  const { value } = useStore(models);
  const choices = choicesOf(value?.installed ?? []);
  return (
    <Menu
      trigger={
        <button type="button" className="picker" aria-label={`${label}: ${model || "none"}`}>
          <Icon name={model === "auto" ? "privacy" : "cube"} size={16} />
          <span className="picker-name">{model || "Choose a model"}</span>
          <Icon name="chevron" size={16} />
        </button>
      }
    >
      <MenuChoices title={label} value={model} choices={choices} onChange={onChange} />
    </Menu>
  );
}
