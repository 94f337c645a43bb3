// Page tokens, names and etags as callers hand them back or type them.
//
// The first byte: which list, and how large its pages are. The rest is the token as it came, except
// where its second byte is 'x': then the rest is a place, which is made a token first.
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "server/resource_names.h"
#include "sync/inbox_query.h"
#include "sync/paging.h"
#include "sync/ref.h"
#include "sync/state.h"
#include "target.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

// More pages of one item than there are items.
constexpr int kPagesMax = 200;

void CheckNames(std::string_view text) {
  if (const auto heads = sync::HeadsOfEtag(text)) {
    PROMISE(sync::HeadsOfEtag(sync::EtagOf(*heads)) == heads, "an etag names its heads");
  }
  if (const auto ref = sync::ParseRef(text)) {
    PROMISE(ref->size() == sync::kRefCharacters && sync::ParseRef(*ref) == ref &&
                sync::ParseRef(sync::FormatRef(*ref)) == ref,
            "a ref is read again in both of its forms");
    PROMISE(sync::FindByRef(Library().reader(), *ref).ok(), "any ref can be searched");
  }
  const auto request = server::ParseRequestName(text);
  if (request.ok()) {
    PROMISE(request->id.has_value() || sync::ParseRef(request->ref) == request->ref,
            "a request is named by its id or by its ref");
    const auto key = server::ResolveRequest(Library().reader(), *request, text);
    PROMISE(key.ok() || absl::IsNotFound(key.status()) || absl::IsFailedPrecondition(key.status()),
            "a good name leads to a request or to none");
  }
  if (const auto conflict = server::ParseConflictName(text); conflict.ok()) {
    PROMISE(!request.ok() && !conflict->path.empty(), "a conflict's name is no request's");
  }
  server::ParseParent("parent", text).IgnoreError();
}

template <typename List>
bool Walk(const std::string& token, size_t size, List list) {
  sync::PageQuery page;
  page.size = size;
  page.token = token;
  for (int pages = 0; pages < kPagesMax; ++pages) {
    absl::StatusOr<std::pair<size_t, std::string>> read = list(page);
    if (!read.ok()) {
      PROMISE(pages == 0 && (absl::IsInvalidArgument(read.status()) ||
                             absl::IsFailedPrecondition(read.status())),
              absl::StrCat("a token that was given out is taken: ", read.status().ToString()));
      return false;
    }
    PROMISE(read->first <= size, "a page holds what was asked for at most");
    if (read->second.empty()) return true;
    PROMISE(read->second != page.token, "a page goes on after the one before");
    page.token = read->second;
  }
  PROMISE(false, "a list ends");
}

}  // namespace

FUZZ_TARGET(page_tokens, "page tokens, resource names, refs, etags") {
  if (bytes.size() < 2) return false;
  const uint8_t knobs = static_cast<uint8_t>(bytes[0]);
  const bool is_place = bytes[1] == 'x';
  const std::string_view rest = bytes.substr(2);
  CheckNames(rest);
  const std::string token = is_place ? sync::TokenOf(rest) : std::string(rest);
  if (const auto place = sync::PlaceOf(token); place.ok()) {
    const auto again = sync::PlaceOf(sync::TokenOf(*place));
    PROMISE(again.ok() && *again == *place, "a token leads to its place");
  }
  const sync::Reader& reader = Library().reader();
  const size_t size = (knobs & 8) != 0 ? 1 : 3;
  const std::string region = (knobs & 16) != 0 ? kRegion : "";
  using Page = absl::StatusOr<std::pair<size_t, std::string>>;
  switch (knobs & 3) {
    case 0:
      return Walk(token, size, [&](const sync::PageQuery& page) -> Page {
        const auto read = sync::ListRequests(reader, region, {}, page);
        if (!read.ok()) return read.status();
        return std::pair(static_cast<size_t>(read->requests_size()), read->next_page_token());
      });
    case 1:
      return Walk(token, size, [&](const sync::PageQuery& page) -> Page {
        const auto read =
            sync::ListConflicts(reader, region, "", "", page, Library().definitions());
        if (!read.ok()) return read.status();
        return std::pair(read->conflicts.size(), read->next_page_token);
      });
    case 2:
      return Walk(token, size, [&](const sync::PageQuery& page) -> Page {
        const auto read = sync::ListInbox(reader, {.region = region, .now_ms = kNowMs}, page,
                                          Library().definitions(), Calendar());
        if (!read.ok()) return read.status();
        return std::pair(static_cast<size_t>(read->items_size()), read->next_page_token());
      });
    default:
      return Walk(token, size, [&](const sync::PageQuery& page) -> Page {
        const auto read =
            sync::LoadHistoryPage(reader, KeyOf(Records()[0]), Library().definitions(), page);
        if (!read.ok()) return read.status();
        return std::pair(static_cast<size_t>(read->items_size()), read->next_page_token());
      });
  }
}

}  // namespace tikar::fuzz
