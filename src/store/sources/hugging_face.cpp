// Files of Hugging Face repositories: GET <hub>/<repository>/resolve/<revision>/<file>, which redirects to storage and
// states the file's SHA-256 and size in X-Linked-ETag and X-Linked-Size (huggingface_hub 0.23, file_download.py).
#include <fmt/format.h>

#include <charconv>

#include "store/download.h"
#include "store/sources/source.h"

namespace ingle::store {
namespace {

constexpr std::string_view kHub = "https://huggingface.co";
constexpr uint64_t kMaxModelBytes = uint64_t{1} << 41;

std::string hugging_face_title(const SourceSpec& spec, const Network&) {
  return "Hugging Face (" + spec.repo + ")";
}

struct Published {
  Digest digest;
  uint64_t size = 0;
};

/// What the hub says about the file. The hub's own answer counts, not that of the storage it redirects to.
Published published_by(const net::HttpHead& head) {
  Published published;
  std::vector<const net::HttpHead*> answers;
  for (const net::HttpHead& redirect : head.redirects)
    answers.push_back(&redirect);
  answers.push_back(&head);
  for (const net::HttpHead* answer : answers) {
    std::string_view etag = answer->header("x-linked-etag");
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') etag = etag.substr(1, etag.size() - 2);
    const auto digest = Digest::parse(etag);
    if (!digest) continue;
    published.digest = *digest;
    const std::string_view size = answer->header("x-linked-size");
    std::from_chars(size.data(), size.data() + size.size(), published.size);
    break;
  }
  return published;
}

Result<Published> ask(const net::HttpTransport& client, const net::HttpRequest& request, const SourceContext& context) {
  const net::BodySink sink{[](const net::HttpHead& head) -> Result<bool> {
                             if (head.status != 200) return std::unexpected(status_error(head));
                             return false;
                           },
                           {}};
  INGLE_TRY(const net::HttpHead head,
            client.send(request, net::EgressPermit::for_model_download(request.url.host), sink, context.stop));
  Published published = published_by(head);
  if (published.size == 0) published.size = head.body_bytes.value_or(0);
  if (!context.digest.empty() && !published.digest.empty() && published.digest != context.digest) {
    return std::unexpected(Error::corrupt(fmt::format("the file there is another one: {}, the catalog pins {}",
                                                      published.digest.text(), context.digest.text())));
  }
  return published;
}

Result<Fetched> fetch_hugging_face(const SourceSpec& spec, const SourceContext& context) {
  const std::string hub =
      context.network.hugging_face_endpoint.empty() ? std::string(kHub) : context.network.hugging_face_endpoint;
  const std::string revision = spec.revision.empty() ? "main" : spec.revision;
  INGLE_TRY(const net::Url url,
            net::Url::parse(fmt::format("{}/{}/resolve/{}/{}", hub.ends_with('/') ? hub.substr(0, hub.size() - 1) : hub,
                                        spec.repo, revision, spec.file)));
  INGLE_TRY(const auto client, make_transport(context.network));
  net::HttpRequest request{.url = url};
  // A token is for the hub alone, and never in the clear.
  if (!context.network.hugging_face_token.empty() && (url.scheme == "https" || url.is_loopback())) {
    request.headers.push_back({"Authorization", "Bearer " + context.network.hugging_face_token});
  }
  INGLE_TRY(const Published published, ask(*client, request, context));

  // Named by digest: what an earlier pull left of another version of the file is never continued.
  const std::string stem = published.digest.empty() ? "file" : published.digest.hex();
  DownloadRequest download{.url = url, .headers = request.headers, .path = context.folder / (stem + ".gguf")};
  download.size = published.size;
  download.max_bytes = published.size != 0 ? published.size : kMaxModelBytes;
  download.retry_delay_ms = context.network.retry_delay_ms;
  download.on_progress = [&](uint64_t done, uint64_t total) {
    context.report(PullPhase::kDownloading, done, total != 0 ? total : context.size);
  };
  INGLE_TRY(const Downloaded done, download_file(*client, download, context.stop));
  return Fetched{download.path, published.digest, done.from_network, done.resumed, {}};
}

}  // namespace

const SourceKind kHuggingFaceSource{"hugging_face", hugging_face_title, fetch_hugging_face, true};

}  // namespace ingle::store
