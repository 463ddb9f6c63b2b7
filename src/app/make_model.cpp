#include "app/make_model.h"

#include <fmt/format.h>

#include <memory>

#include "app/roles_main.h"

namespace ingle::app {
namespace {

constexpr std::string_view kUploaded = "the file";  // that has no name yet

constexpr size_t kUploadsAtOnce = 8;  // each may fill a disk, and holds a file open

/// As Ollama writes it: "1.54B"
std::string size_label(uint64_t parameters) {
  const auto count = static_cast<double>(parameters);
  if (parameters >= 1'000'000'000) return fmt::format("{:.1f}B", count / 1e9);
  if (parameters >= 1'000'000) return fmt::format("{:.2f}M", count / 1e6);
  return fmt::format("{:.2f}K", count / 1e3);
}

Status take_template(Front& front, const std::string& text, store::NewModel& model) {
  if (text.empty()) return {};
  if (store::is_go_template(text)) {
    // A Modelfile that `show` printed says it again; the layer stays as it is.
    if (model.from) {
      const auto extras = front.store().extras(*model.from);
      if (extras && extras->go_template == text) return {};
    }
    return std::unexpected(
        Error::unsupported("'template' is written in Go's template language")
            .hint("Inglenook renders Jinja, as model files have it: send that, or leave it out to use "
                  "the model's own"));
  }
  const auto checked = front.run_job(kTemplateCheckJob, text, {});
  if (!checked) return std::unexpected(Error::usage("'template': " + checked.error().message()));
  model.jinja_template = text;
  return {};
}

/// The weights: of the model `from`, or the one file.
Result<ModelFiles> weights_of(Front& front, const api::CreateModel& wanted, store::NewModel& model,
                              const store::CreateCallback& done) {
  if (!wanted.from.empty()) {
    INGLE_TRY(model.from, front.store().find(wanted.from));
    return Front::files_of(*model.from);
  }
  const auto& [name, digest] = wanted.files.front();
  INGLE_TRY(model.model, store::Digest::parse(digest));
  if (done) done("parsing GGUF");
  const auto path = front.store().blob(model.model);
  if (!path)
    return std::unexpected(Error::usage(fmt::format("blob \"{}\" not found", model.model.text()))
                               .hint("send its bytes to /api/blobs/" + model.model.text() + " first"));
  INGLE_TRY(const uint64_t bytes, front.store().blob_size(model.model));
  return ModelFiles{.name = std::string(kUploaded), .parts = {*path}, .bytes = bytes, .installed = std::nullopt};
}

}  // namespace

Status make_model(Front& front, const api::CreateModel& wanted, const store::CreateCallback& done,
                  std::stop_token stop) {
  INGLE_TRY(const store::ModelName name, store::ModelName::parse(wanted.name));
  store::NewModel model{.name = name,
                        .system = wanted.system,
                        .parameters = wanted.options_json,
                        .messages = wanted.messages_json,
                        .licences = wanted.licences,
                        .requires_version = wanted.requires_version};
  INGLE_TRY(const ModelFiles files, weights_of(front, wanted, model, done));
  INGLE_TRY_VOID(take_template(front, wanted.chat_template, model));
  const auto facts = front.facts(files);
  if (!facts && !model.from) {
    // Ollama's words for what is no model; what the file says of itself is told after them.
    const Error& error = facts.error();
    if (error.code() != ErrorCode::kCorrupt) return std::unexpected(error);
    std::string why = error.message();
    if (const std::string prefix = "'" + std::string(kUploaded) + "': "; why.starts_with(prefix))
      why.erase(0, prefix.size());
    return std::unexpected(Error::usage("supplied file was not in GGUF format: " + why));
  }
  if (facts) {
    model.family = facts->summary.architecture;
    model.size_label = size_label(facts->summary.parameters);
    model.quantization = facts->summary.quantization;
  }
  return front.store().create(model, done, std::move(stop));
}

void add_making(api::Services& services, Front& front) {
  services.create = [&front](const api::CreateModel& model, const store::CreateCallback& done, std::stop_token stop) {
    return make_model(front, model, done, std::move(stop));
  };
  services.copy = [&front](std::string_view source, std::string_view destination, std::stop_token stop) {
    return front.store().copy(source, destination, std::move(stop));
  };
  services.has_blob = [&front](const store::Digest& digest) -> Status {
    INGLE_TRY_VOID(front.store().blob(digest));
    return {};
  };
  const auto uploads = std::make_shared<Slots>(kUploadsAtOnce);
  services.begin_blob = [&front, uploads](uint64_t announced) -> Result<std::unique_ptr<store::BlobUpload>> {
    struct Held : store::BlobUpload {
      Held(store::BlobUpload upload, std::shared_ptr<Slots> slots, Slots::Slot taken)
          : BlobUpload(std::move(upload)), all(std::move(slots)), slot(std::move(taken)) {}
      std::shared_ptr<Slots> all;  // must outlive the slot
      Slots::Slot slot;
    };
    auto slot = uploads->try_take();
    if (!slot)
      return std::unexpected(Error::exhausted(fmt::format("{} files are being uploaded already", kUploadsAtOnce))
                                 .hint("send it again when one of them has arrived"));
    INGLE_TRY(store::BlobUpload upload, front.store().begin_blob(announced));
    return std::make_unique<Held>(std::move(upload), uploads, *std::move(slot));
  };
}

}  // namespace ingle::app
