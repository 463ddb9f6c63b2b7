#include "store/pull.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "base/files.h"
#include "base/sha256.h"
#include "net/url.h"
#include "store/blobs.h"
#include "store/layout.h"
#include "store/sources/source.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

/// Folder names in partial/: a digest where one is pinned, else the name with what separates its parts replaced.
std::string partial_key(const ModelName& name, const CatalogEntry* entry) {
  if (entry && !entry->digest.empty()) return entry->digest.hex();
  std::string key = net::lower_ascii(name.full());
  for (char& c : key) {
    if (c == '/' || c == ':') c = '+';
  }
  // A file name has at most 255 bytes, a host alone may have 350.
  return key.size() <= 150 ? key : base::sha256_hex(std::as_bytes(std::span(key)));
}

/// Errors of this machine and of the user's will meet every source alike, so no other one is tried.
bool ends_the_pull(const Error& error) {
  return error.code() == ErrorCode::kCancelled || error.code() == ErrorCode::kIo ||
         error.code() == ErrorCode::kExhausted || error.code() == ErrorCode::kInternal;
}

bool starts_like_gguf(const fs::path& path) {
  const auto fd = base::FileDescriptor::open_read(path);
  char magic[4] = {};
  return fd && ::pread(fd->get(), magic, sizeof magic, 0) == 4 && std::string_view(magic, 4) == "GGUF";
}

/// Declared after the lock that is held on the file, so that it goes while nobody else can hold it.
struct RemoveAtEnd {
  fs::path path;
  ~RemoveAtEnd() {
    std::error_code ignored;
    fs::remove(path, ignored);
  }
};

class Pull {
 public:
  Pull(const Store& store, ModelName name, const CatalogEntry* entry, const PullCallback& progress,
       std::stop_token stop)
      : store_(store),
        layout_{store.paths().models},
        entry_(entry),
        progress_(progress),
        stop_(std::move(stop)),
        report_{.name = std::move(name)} {}

  Result<PullReport> run() {
    if (const auto model = installed()) return already_present(*model);
    const std::string key = partial_key(report_.name, entry_);
    const fs::path lock_path = layout_.partial() / (key + ".lock");
    INGLE_TRY(std::optional<FileLock> lock, FileLock::try_lock(lock_path));
    if (!lock) {
      send({.phase = PullPhase::kWaiting, .note = "another process is pulling " + report_.name.display()});
      INGLE_TRY(lock, FileLock::lock(lock_path, stop_));
    }
    const RemoveAtEnd remove_lock{lock_path};
    // Whoever held the lock before may have finished the job.
    if (const auto model = installed()) return already_present(*model);
    const fs::path folder = layout_.partial() / key;
    INGLE_TRY_VOID(use_existing_blob());
    const Status tried = report_.path.empty() ? try_sources(folder) : Status();
    std::error_code ignored;
    if (tried || !has_begun(folder)) fs::remove_all(folder, ignored);
    INGLE_TRY_VOID(tried);
    report_.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    return std::move(report_);
  }

 private:
  std::optional<InstalledModel> installed() const {
    auto model = store_.find(report_.name.full());
    return model ? std::optional(std::move(*model)) : std::nullopt;
  }

  PullReport already_present(const InstalledModel& model) {
    report_.name = model.name;
    report_.path = model.path;
    report_.digest = model.digest;
    report_.size = model.size;
    report_.already_present = true;
    report_.digest_pinned = entry_ && entry_->digest == model.digest;
    return std::move(report_);
  }

  /// Passes a report on when there is something to see: chunks arrive in thousands, a bar has a few hundred steps.
  void send(const PullProgress& progress) {
    if (!progress_) return;
    const bool same = progress.note.empty() && progress.phase == last_.phase && progress.source == last_.source &&
                      progress.bytes_done >= last_.bytes_done && progress.bytes_total == last_.bytes_total;
    const uint64_t step = std::clamp<uint64_t>(progress.bytes_total / 500, 64 << 10, 1 << 20);
    if (same && progress.bytes_done < last_.bytes_done + step && progress.bytes_done != progress.bytes_total) return;
    last_ = progress;
    progress_(progress);
  }

  bool pinned() const { return entry_ && !entry_->digest.empty(); }

  /// The file may be here under another name, perhaps Ollama's: then only the manifest is missing.
  Status use_existing_blob() {
    if (!pinned()) return {};
    const auto size = size_of_file(layout_.blob(entry_->digest));
    if (!size || *size != entry_->size) return {};
    INGLE_TRY(const Digest digest, digest_with_progress(layout_.blob(entry_->digest), "this machine", *size));
    if (digest != entry_->digest) return {};
    report_.source = "this machine";
    return install({}, digest, *size, {});
  }

  Status try_sources(const fs::path& folder) {
    std::vector<SourceSpec> specs;
    if (entry_) {
      specs = entry_->sources;
    } else {
      specs.push_back({.kind = "registry", .name = report_.name.full()});
    }
    INGLE_TRY_VOID(may_connect());
    for (size_t i = 0; i < specs.size(); ++i) {
      const SourceKind* kind = find_source(specs[i].kind);
      if (kind == nullptr) return std::unexpected(Error::internal("unknown kind of source '" + specs[i].kind + "'"));
      const std::string title = kind->title(specs[i], store_.network());
      if (store_.network().offline && kind->needs_network) continue;
      Status status = try_source(*kind, specs[i], title, folder / fmt::format("{}-{}", specs[i].kind, i));
      if (status) return {};
      if (stop_.stop_requested()) return std::unexpected(Error::cancelled());
      if (ends_the_pull(status.error())) return status;
      // Offline no other source follows that a note could explain; the error tells it.
      if (!store_.network().offline)
        send({.phase = PullPhase::kResolving, .source = title, .note = title + ": " + status.error().message()});
      report_.failures.push_back({title, std::move(status).error()});
    }
    return std::unexpected(store_.network().offline ? offline() : all_failed(folder));
  }

  /// One reason, told once, where whoever gives out connections refuses all of them.
  Status may_connect() const {
    if (store_.network().offline || !store_.network().transport) return {};
    auto any = make_transport(store_.network());
    if (any || any.error().code() != ErrorCode::kRefused) return {};
    return std::unexpected(std::move(any).error().within("cannot pull '" + report_.name.display() + "'"));
  }

  /// Only a folder of wheels could have served; why it did not stays told.
  Error offline() const {
    std::string text =
        fmt::format("offline mode is on (INGLE_OFFLINE), and '{}' is not on this machine", report_.name.display());
    if (!report_.failures.empty()) text += ": " + failures_text();
    return Error::unavailable(std::move(text))
        .hint("turn it off for this pull: INGLE_OFFLINE=0 ingle pull " + report_.name.display());
  }

  Status try_source(const SourceKind& kind, const SourceSpec& spec, const std::string& title, const fs::path& folder) {
    INGLE_TRY_VOID(make_folder(folder));
    const SourceContext context{.network = store_.network(),
                                .digest = entry_ ? entry_->digest : Digest(),
                                // An approximate size bounds nothing.
                                .size = pinned() ? entry_->size : 0,
                                .folder = folder,
                                .title = title,
                                .progress = [this](const PullProgress& progress) { send(progress); },
                                .stop = stop_};
    INGLE_TRY_VOID(check_space(folder));
    context.report(PullPhase::kResolving, 0, 0);
    for (bool again = false;; again = true) {
      INGLE_TRY(Fetched fetched, kind.fetch(spec, context));
      report_.bytes_downloaded += fetched.bytes_downloaded;
      INGLE_TRY(const uint64_t size, size_of_file(fetched.file));
      INGLE_TRY(const Digest digest, digest_with_progress(fetched.file, title, size));
      const Digest& expected = pinned() ? entry_->digest : fetched.published;
      if (!expected.empty() && digest != expected) {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
        INGLE_TRY_VOID(make_folder(folder));
        // What an interrupted pull left may be what is wrong: once more from the first byte.
        if (!again && fetched.bytes_resumed > 0) continue;
        return std::unexpected(
            Error::corrupt(fmt::format("the file has the digest {}, expected was {}", digest.text(), expected.text())));
      }
      if (!starts_like_gguf(fetched.file)) return std::unexpected(Error::corrupt("what came is not a GGUF file"));
      if (!pinned()) {
        send({.phase = PullPhase::kVerifying,
              .source = title,
              .note = fetched.published.empty()
                          ? "no digest is pinned and the source publishes none; recorded " + digest.text()
                          : "no digest is pinned; recorded the one that the source publishes, " + digest.text()});
      }
      report_.source = title;
      report_.bytes_resumed = fetched.bytes_resumed;
      return install(fetched.file, digest, size, std::move(fetched.layers));
    }
  }

  Status check_space(const fs::path& folder) const {
    if (!entry_) return {};
    uint64_t staged = 0;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      staged += size_of_file(it->path()).value_or(0);
    }
    const fs::space_info space = fs::space(folder, error);
    if (error || space.available + staged >= entry_->size) return {};
    return std::unexpected(Error::exhausted(fmt::format("'{}' needs {} on the disk, {} has {} free",
                                                        entry_->name.display(), size_in_words(entry_->size - staged),
                                                        layout_.root.string(), size_in_words(space.available)))
                               .hint("free some space, or point INGLE_HOME or OLLAMA_MODELS at a larger disk"));
  }

  Result<Digest> digest_with_progress(const fs::path& path, const std::string& title, uint64_t size) {
    return digest_of_file(path, [&](uint64_t done) { send({PullPhase::kVerifying, title, done, size, {}}); }, stop_);
  }

  Error all_failed(const fs::path& folder) const {
    std::string text = fmt::format("could not get '{}': {}", report_.name.display(), failures_text());
    const bool unreachable = std::ranges::all_of(
        report_.failures, [](const SourceFailure& failure) { return failure.error.code() == ErrorCode::kUnavailable; });
    if (!entry_) {
      const auto similar = store_.catalog().similar(report_.name.display(), 3);
      if (!similar.empty()) {
        return Error::not_found(std::move(text)).hint(fmt::format("did you mean {}?", fmt::join(similar, ", ")));
      }
    }
    if (report_.failures.size() == 1 && !report_.failures[0].error.hint().empty()) {
      return Error(report_.failures[0].error.code(), std::move(text)).hint(report_.failures[0].error.hint());
    }
    std::string hint = "check the network and HTTPS_PROXY: 'ingle doctor --network' asks every source; ";
    if (has_begun(folder)) hint += "what has come is kept, and the same pull goes on from there; ";
    hint += "a .gguf file that you already have runs in place: ingle run ./model.gguf";
    return Error(unreachable ? ErrorCode::kUnavailable : report_.failures.back().error.code(), std::move(text))
        .hint(std::move(hint));
  }

  std::string failures_text() const {
    std::string text;
    for (const SourceFailure& failure : report_.failures)
      text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", failure.source, failure.error.message());
    return text;
  }

  /// Whether there is something that another pull can go on from.
  static bool has_begun(const fs::path& folder) {
    std::error_code error;
    for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
      if (it->is_regular_file(error) && size_of_file(it->path()).value_or(0) > 0) return true;
    }
    return false;
  }

  /// Moves verified bytes into blobs/ and writes the manifest last: only then does the model exist.
  Status install(const fs::path& file, const Digest& digest, uint64_t size, std::vector<TextLayer> texts) {
    const bool has_licence =
        std::ranges::any_of(texts, [](const TextLayer& text) { return text.media_type == kLicenseLayer; });
    if (entry_ && !has_licence) {
      texts.push_back({std::string(kLicenseLayer), fmt::format("{}\n{}\n{}\n", entry_->licence.title,
                                                               entry_->licence.url, entry_->licence.verdict)});
    }
    INGLE_TRY(const FileLock lock, FileLock::lock(layout_.lock(), stop_));
    INGLE_TRY_VOID(make_folder(layout_.blobs()));
    INGLE_TRY_VOID(make_folder(layout_.mark(digest).parent_path()));
    const fs::path manifest_path = layout_.manifest(report_.name);
    INGLE_TRY_VOID(make_folder(manifest_path.parent_path()));
    if (!file.empty()) INGLE_TRY_VOID(add_file_blob(layout_, digest, file));

    Manifest manifest;
    INGLE_TRY(manifest.config, add_text_blob(layout_, kConfigType, config_json(digest)));
    manifest.layers.push_back({std::string(kModelLayer), digest, size});
    for (const TextLayer& text : texts) {
      INGLE_TRY(Layer layer, add_text_blob(layout_, text.media_type, text.bytes));
      manifest.layers.push_back(std::move(layer));
    }
    INGLE_TRY_VOID(base::write_file_atomic(manifest_path, manifest.to_json()));
    report_.path = layout_.blob(digest);
    report_.digest = digest;
    report_.size = size;
    report_.digest_pinned = pinned();
    return {};
  }

  /// What Ollama expects to find; the fields about the weights are the catalog's, since the file itself says the rest.
  std::string config_json(const Digest& digest) const {
    nlohmann::ordered_json json = {{"model_format", "gguf"}, {"architecture", "amd64"}, {"os", "linux"}};
    if (entry_) json["file_type"] = entry_->quantization;
    json["rootfs"] = {{"type", "layers"}, {"diff_ids", {digest.text()}}};
    return json.dump();
  }

  const Store& store_;
  const Layout layout_;
  const CatalogEntry* entry_;
  const PullCallback& progress_;
  std::stop_token stop_;
  PullReport report_;
  PullProgress last_;
  const std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

}  // namespace

std::string size_in_words(uint64_t bytes) {
  const auto size = static_cast<double>(bytes);
  return size < 1e9 ? fmt::format("{:.0f} MB", size / 1e6) : fmt::format("{:.1f} GB", size / 1e9);
}

Result<PullReport> run_pull(const Store& store, const ModelName& name, const PullCallback& progress,
                            std::stop_token stop) {
  const CatalogEntry* entry = store.catalog().find(name);
  return Pull(store, entry ? entry->name : name, entry, progress, std::move(stop)).run();
}

}  // namespace ingle::store
