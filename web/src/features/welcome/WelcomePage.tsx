import type { AvailableModel } from "../../api/types";
import { go } from "../../app/route";
import { pulls, startPull } from "../../app/pulls";
import { models, status } from "../../app/stores";
import { formatBytes, formatCount } from "../../lib/format";
import { lastModel } from "../../lib/preferences";
import { recommend } from "../../lib/recommend";
import { useStore } from "../../lib/store";
import { PullProgress } from "../../app/PullProgress";
import { Icon } from "../../ui/Icon";
import { Mark } from "../../ui/Mark";

const NOTES = ["Quick to download, good for a first look", "Better answers, best for documents"];

/** First start: nothing is installed, so the one useful thing is to download a model and talk to it. */
export function WelcomePage() {
  const { value } = useStore(models);
  const machine = useStore(status).value?.machine;
  const running = useStore(pulls);
  const offers = recommend(value?.available ?? [], machine?.memory_bytes ?? 8e9);

  const download = (model: AvailableModel) => {
    void startPull(model.name).then((installed) => {
      if (!installed) return;
      lastModel.set(model.name);
      go("chat");
    });
  };
  return (
    <div className="welcome">
      <Mark size={72} />
      <h1>Welcome to Inglenook</h1>
      <p className="welcome-lead">
        Your own AI, on your own machine. Choose a model to begin with: it is downloaded once, and from then on works
        without a network.
      </p>
      <ul className="offers">
        {offers.map((model, index) => {
          const pull = running[model.name];
          return (
            <li key={model.name} className={`card offer${index === 0 ? " offer-first" : ""}`}>
              <div className="offer-text">
                <h2>{model.title}</h2>
                <p>{NOTES[index] ?? ""}</p>
                <p className="offer-facts">
                  {formatBytes(model.size)} · {formatCount(model.parameters)} parameters · {model.licence.title}
                </p>
              </div>
              {pull ? (
                <PullProgress name={model.name} pull={pull} />
              ) : (
                <button
                  type="button"
                  className={index === 0 ? "button button-primary" : "button"}
                  onClick={() => download(model)}
                >
                  <Icon name="download" />
                  Download<span className="visually-hidden"> {model.name}</span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {value && offers.length === 0 && (
        <p>No small model is on offer here. The Models page lists all that can be downloaded.</p>
      )}
      <p className="welcome-more">
        <a href="#/models">See all models</a>, or use those of Ollama, LM Studio or a Hugging Face cache: they are found
        where they lie.
      </p>
    </div>
  );
}
