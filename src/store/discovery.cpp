#include "store/discovery.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <set>

#include "base/sha256.h"
#include "gguf/split_name.h"
#include "net/url.h"
#include "store/installed.h"

namespace ingle::store {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxEntries = 100'000;  // looked at in one place
constexpr size_t kMaxModels = 2'000;     // found in one place
constexpr int kMaxDepth = 8;
constexpr uint64_t kMaxParts = 64;

/// A model file, or the first part of one, that is whole.
struct Candidate {
  fs::path path;  // as found: its name tells what it is
  std::vector<fs::path> parts;
  uint64_t size = 0;
  int64_t modified = 0;
};

/// Looks below one root only, whatever links say.
class Finder {
 public:
  Finder(const fs::path& root, std::vector<Error>* problems) : problems_(problems) {
    std::error_code error;
    root_ = fs::canonical(root, error);
    if (error) root_.clear();
  }
  const fs::path& root() const { return root_; }

  std::vector<Candidate> models_below(const fs::path& folder) {
    std::vector<Candidate> found;
    std::error_code error;
    // Links to folders are not followed, so there are no cycles.
    fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && it != fs::recursive_directory_iterator() && has_room(found.size()); it.increment(error)) {
      if (it.depth() >= kMaxDepth) it.disable_recursion_pending();
      const fs::path& path = it->path();
      const std::string name = net::lower_ascii(path.filename().string());
      if (!name.ends_with(".gguf") || name.find("mmproj") != std::string::npos || name.starts_with('.')) continue;
      auto candidate = examine(path);
      if (candidate) {
        found.push_back(std::move(*candidate));
      } else if (problems_ != nullptr && candidate.error().code() != ErrorCode::kNotFound) {
        problems_->push_back(std::move(candidate).error());
      }
    }
    std::ranges::sort(found, {}, &Candidate::path);
    return found;
  }

  /// Folders right below, by name.
  std::vector<fs::path> folders_in(const fs::path& folder) {
    std::vector<fs::path> folders;
    std::error_code error;
    fs::directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
    for (; !error && it != fs::directory_iterator() && has_room(0); it.increment(error)) {
      std::error_code ignored;
      if (it->is_directory(ignored) && !it->is_symlink(ignored)) folders.push_back(it->path());
    }
    std::ranges::sort(folders);
    return folders;
  }

 private:
  bool has_room(size_t n_found) { return n_entries_++ < kMaxEntries && n_found < kMaxModels; }

  /// kNotFound: nothing worth a word, a later part for example.
  Result<Candidate> examine(const fs::path& path) {
    Candidate candidate{.path = path, .parts = {}};
    std::vector<fs::path> names = {path};
    if (const auto split = gguf::parse_split_name(path)) {
      if (split->part != 0) return std::unexpected(Error::not_found("a later part"));
      if (split->count > kMaxParts)
        return std::unexpected(Error::refused(fmt::format("'{}' has {} parts", path.string(), split->count)));
      names.clear();
      for (uint64_t part = 0; part < split->count; ++part)
        names.push_back(path.parent_path() / split->file_name(part));
    }
    for (const fs::path& name : names) {
      struct stat info{};
      std::error_code error;
      const fs::path target = fs::canonical(name, error);
      if (error)
        return std::unexpected(Error::corrupt(fmt::format("'{}' leads nowhere: {}", name.string(), error.message())));
      if (!is_below_root(target))
        return std::unexpected(Error::refused(fmt::format("'{}' leads out of {}", name.string(), root_.string())));
      if (::stat(target.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || !begins_as_gguf(target))
        return std::unexpected(Error::not_found("not a model"));
      candidate.parts.push_back(target);
      candidate.size += static_cast<uint64_t>(info.st_size);
      candidate.modified = std::max(candidate.modified, static_cast<int64_t>(info.st_mtime));
    }
    return candidate;
  }

  bool is_below_root(const fs::path& target) const {
    const auto [root_end, unused] = std::ranges::mismatch(root_, target);
    return !root_.empty() && root_end == root_.end();
  }

  static bool begins_as_gguf(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::array<char, 4> magic{};
    file.read(magic.data(), magic.size());
    return file && std::string_view(magic.data(), magic.size()) == "GGUF";
  }

  fs::path root_;
  std::vector<Error>* problems_;
  size_t n_entries_ = 0;
};

/// "model-q4_k_m-00001-of-00002.gguf" -> "model-q4_k_m"
std::string stem_of(const fs::path& path) {
  if (const auto split = gguf::parse_split_name(path)) return split->prefix;
  return path.stem().string();
}

/// The last word of a file's name that names a quantization, in capitals: "Q4_K_M"; empty: none does.
std::string quantization_in(std::string_view stem) {
  std::string found;
  while (!stem.empty()) {
    const size_t end = std::min(stem.find_first_of("-."), stem.size());
    std::string word;
    for (const char c : stem.substr(0, end))
      word += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    stem.remove_prefix(std::min(end + 1, stem.size()));
    const size_t q = word.find('Q');
    const bool is_quantized = q <= 1 && word.size() > q + 1 && word[q + 1] >= '0' && word[q + 1] <= '9' &&
                              (q == 0 || word[0] == 'I' || word[0] == 'T');
    if (is_quantized || word == "F16" || word == "BF16" || word == "F32" || word.starts_with("MXFP4")) found = word;
  }
  return found;
}

/// Names for the files of one repository: their quantization, or, where that is none or not alone, their own name.
class Namer {
 public:
  Namer(Origin origin, std::string_view host, std::string_view space, std::string_view model)
      : origin_(origin), host_(host), space_(space), model_(model) {}

  /// False: there is no name left for it.
  bool add(const Candidate& candidate, std::string_view revision, std::vector<InstalledModel>& models) {
    const std::string stem = stem_of(candidate.path);
    const std::string quantization = quantization_in(stem);
    const std::string tags[] = {quantization.empty() ? "latest" : quantization, stem,
                                fmt::format("{}-{}", stem, revision.substr(0, 8))};
    for (const std::string& tag : tags) {
      auto name = ModelName::from_parts(host_, space_, model_, tag);
      if (!name || !taken_.insert(net::lower_ascii(name->full())).second) continue;
      models.push_back(make(*std::move(name), candidate));
      return true;
    }
    return false;
  }

 private:
  InstalledModel make(ModelName name, const Candidate& candidate) const {
    const std::string identity =
        fmt::format("{} {} {} {}", name.full(), candidate.parts.front().string(), candidate.size, candidate.modified);
    InstalledModel model{.name = std::move(name),
                         .path = candidate.parts.front(),
                         .digest = {},
                         .id = *Digest::parse(base::sha256_hex(std::as_bytes(std::span(identity)))),
                         .size = candidate.size,
                         .modified = candidate.modified,
                         .origin = origin_};
    if (candidate.parts.size() > 1) model.parts = candidate.parts;
    // A blob of Hugging Face is named by the SHA-256 of what was uploaded.
    if (origin_ == Origin::kHuggingFace && candidate.parts.size() == 1) {
      if (auto digest = Digest::parse(model.path.filename().string())) model.digest = *std::move(digest);
    }
    return model;
  }

  Origin origin_;
  std::string host_;
  std::string space_;
  std::string model_;
  std::set<std::string> taken_;
};

std::vector<InstalledModel> discover_ollama(const Place& place, std::vector<Error>* problems) {
  auto models = installed_models(Layout{place.root}, problems);
  if (!models) return {};
  for (InstalledModel& model : *models)
    model.origin = Origin::kOllama;
  return *std::move(models);
}

/// The revision that "main" means, then the others by name.
std::vector<fs::path> revisions_of(Finder& finder, const fs::path& repository) {
  auto revisions = finder.folders_in(repository / "snapshots");
  std::ifstream ref(repository / "refs" / "main");
  std::string main_revision;
  std::getline(ref, main_revision);
  std::ranges::stable_partition(revisions, [&](const fs::path& path) { return path.filename() == main_revision; });
  return revisions;
}

std::vector<InstalledModel> discover_hugging_face(Finder& finder) {
  constexpr std::string_view kPrefix = "models--";
  std::vector<InstalledModel> models;
  for (const fs::path& repository : finder.folders_in(finder.root())) {
    const std::string folder = repository.filename().string();
    const size_t border = folder.find("--", kPrefix.size());
    if (!folder.starts_with(kPrefix) || border == std::string::npos) continue;
    Namer namer(Origin::kHuggingFace, "hf.co", folder.substr(kPrefix.size(), border - kPrefix.size()),
                folder.substr(border + 2));
    std::set<fs::path> seen;  // revisions share files that did not change
    for (const fs::path& revision : revisions_of(finder, repository)) {
      for (const Candidate& candidate : finder.models_below(revision)) {
        if (seen.insert(candidate.parts.front()).second) namer.add(candidate, revision.filename().string(), models);
      }
    }
  }
  return models;
}

std::vector<InstalledModel> discover_lm_studio(Finder& finder) {
  std::vector<InstalledModel> models;
  for (const fs::path& publisher : finder.folders_in(finder.root())) {
    for (const fs::path& repository : finder.folders_in(publisher)) {
      std::string name = repository.filename().string();
      if (net::lower_ascii(name).ends_with("-gguf")) name.resize(name.size() - 5);
      Namer namer(Origin::kLmStudio, "lmstudio", publisher.filename().string(), name);
      for (const Candidate& candidate : finder.models_below(repository))
        namer.add(candidate, "", models);
    }
  }
  return models;
}

std::vector<InstalledModel> discover_folder(Finder& finder) {
  std::vector<InstalledModel> models;
  std::map<std::string, Namer> namers;  // by the file's name without its quantization
  for (const Candidate& candidate : finder.models_below(finder.root())) {
    const std::string stem = stem_of(candidate.path);
    const std::string quantization = quantization_in(stem);
    std::string model = stem;
    // "qwen-0.5b-Q4_K_M" -> "qwen-0.5b"
    if (!quantization.empty() && model.size() > quantization.size() + 1 &&
        net::lower_ascii(model).ends_with(net::lower_ascii(quantization)))
      model.resize(model.size() - quantization.size() - 1);
    auto namer = namers.find(model);
    if (namer == namers.end())
      namer = namers.emplace(model, Namer(Origin::kFolder, "folder", finder.root().filename().string(), model)).first;
    namer->second.add(candidate, std::to_string(models.size()), models);
  }
  return models;
}

}  // namespace

std::vector<Place> places_from(const EnvLookup& env, std::string_view folders) {
  const auto value = [&](std::string_view name) { return env(name).value_or(""); };
  const std::string home = value("HOME");
  std::vector<Place> places;
  if (!home.empty()) places.push_back({Origin::kOllama, fs::path(home) / ".ollama" / "models"});
  places.push_back({Origin::kOllama, "/usr/share/ollama/.ollama/models"});
  if (!value("HF_HUB_CACHE").empty()) {
    places.push_back({Origin::kHuggingFace, value("HF_HUB_CACHE")});
  } else if (!value("HF_HOME").empty()) {
    places.push_back({Origin::kHuggingFace, fs::path(value("HF_HOME")) / "hub"});
  } else if (!value("XDG_CACHE_HOME").empty()) {
    places.push_back({Origin::kHuggingFace, fs::path(value("XDG_CACHE_HOME")) / "huggingface" / "hub"});
  } else if (!home.empty()) {
    places.push_back({Origin::kHuggingFace, fs::path(home) / ".cache" / "huggingface" / "hub"});
  }
  if (!home.empty()) {
    places.push_back({Origin::kLmStudio, fs::path(home) / ".lmstudio" / "models"});
    places.push_back({Origin::kLmStudio, fs::path(home) / ".cache" / "lm-studio" / "models"});
  }
  while (!folders.empty()) {
    const size_t end = std::min(folders.find(':'), folders.size());
    const std::string_view folder = folders.substr(0, end);
    folders.remove_prefix(std::min(end + 1, folders.size()));
    if (folder.empty()) continue;
    const bool in_home = folder.starts_with("~/") && !home.empty();
    places.push_back({Origin::kFolder, in_home ? fs::path(home) / folder.substr(2) : fs::path(folder)});
  }
  return places;
}

std::vector<InstalledModel> discover(const Place& place, std::vector<Error>* problems) {
  if (place.origin == Origin::kOllama) return discover_ollama(place, problems);
  Finder finder(place.root, problems);
  if (finder.root().empty()) return {};
  switch (place.origin) {
    case Origin::kHuggingFace:
      return discover_hugging_face(finder);
    case Origin::kLmStudio:
      return discover_lm_studio(finder);
    case Origin::kFolder:
      return discover_folder(finder);
    case Origin::kInglenook:
    case Origin::kOllama:
      break;
  }
  return {};
}

}  // namespace ingle::store
