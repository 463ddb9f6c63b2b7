// Routes of the app's own API (docs/api.md), of documents and of the web app's files; rows of registry.cpp.
#pragma once

#include <memory>

#include "api/call.h"

namespace ingle::api::own {

extern const FieldTable kOfflineFields;
extern const FieldTable kSearchParameters;
extern const FieldTable kDecisionParameters;
extern const FieldTable kEgressParameters;
extern const FieldTable kLinkParameters;
extern const FieldTable kExtractFields;  // parts of the form
extern const FieldTable kSummarizeFields;

void status(const std::shared_ptr<Call>& call);
void models(const std::shared_ptr<Call>& call);
void list_chats(const std::shared_ptr<Call>& call);
void get_chat(const std::shared_ptr<Call>& call);
void put_chat(const std::shared_ptr<Call>& call);
void delete_chat(const std::shared_ptr<Call>& call);
void decisions(const std::shared_ptr<Call>& call);
void explain(const std::shared_ptr<Call>& call);
void egress(const std::shared_ptr<Call>& call);
void policy(const std::shared_ptr<Call>& call);
void get_offline(const std::shared_ptr<Call>& call);
void put_offline(const std::shared_ptr<Call>& call);
void make_link(const std::shared_ptr<Call>& call);
void open_link(const std::shared_ptr<Call>& call);
void metrics(const std::shared_ptr<Call>& call);
/// What is served, as an OpenAPI document.
void openapi(const std::shared_ptr<Call>& call);
void health(const std::shared_ptr<Call>& call);

void extract(const std::shared_ptr<Call>& call);
void summarize(const std::shared_ptr<Call>& call);

/// The page for browsers, Ollama's greeting for everyone else.
void root(const std::shared_ptr<Call>& call);
void web_file(const std::shared_ptr<Call>& call);

/// The cookie of the server on this port: browsers send a host's cookies to all its ports.
std::string cookie_name(const net::ServerRequest& request);

}  // namespace ingle::api::own
