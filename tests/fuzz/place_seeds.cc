#include <algorithm>
#include <iterator>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "seeds.h"
#include "sync/feed.h"
#include "sync/inbox_query.h"
#include "sync/ref.h"
#include "sync/state.h"
#include "sync/status_macros.h"
#include "world.h"

namespace tikar::fuzz {
namespace {

void MakeCursors(Seeds* seeds) {
  const std::vector<std::vector<std::string>> scopes = {
      {"15.01"}, {"15.01.06"}, {"15"}, {"12", "15", "32"}};
  const uint8_t knobs[] = {0 << 1, 1 << 1, 4 << 1, 7 << 1};
  for (size_t i = 0; i < scopes.size(); ++i) {
    sync::FeedQuery query;
    query.scope = scopes[i];
    query.actor = "hp-budi";
    query.requests_max = 1;
    for (int page = 0; page < 4; ++page) {
      const auto read = sync::ReadFeed(Library().reader(), query);
      CHECK(read.ok());
      query.cursor = read->cursor;
      const std::string content = query.cursor.substr(0, query.cursor.size() - 8);
      // Of a smaller scope, it is also one that lacks something.
      seeds->Add("cursors", absl::StrCat("good_scope_", i, "_page_", page),
                 static_cast<char>(knobs[i] | (page % 2 == 0 ? 16 : 0)) + content);
      seeds->Add("cursors", absl::StrCat("good_elsewhere_", i, "_page_", page),
                 static_cast<char>(knobs[3 - i]) + content);
      if (read->caught_up) break;
    }
    seeds->Add("cursors", absl::StrCat("good_as_it_stands_", i), "\x01" + query.cursor);
  }
}

void MakePageTokens(Seeds* seeds) {
  const sync::Reader& reader = Library().reader();
  sync::PageQuery page;
  page.size = 1;
  const auto requests = sync::ListRequests(reader, "", {}, page);
  const auto conflicts = sync::ListConflicts(reader, "", "", "", page, Library().definitions());
  const auto inbox =
      sync::ListInbox(reader, {.now_ms = kNowMs}, page, Library().definitions(), Calendar());
  const auto history =
      sync::LoadHistoryPage(reader, KeyOf(Records()[0]), Library().definitions(), page);
  CHECK(requests.ok() && conflicts.ok() && inbox.ok() && history.ok());
  const std::string tokens[] = {requests->next_page_token(), conflicts->next_page_token,
                                inbox->next_page_token(), history->next_page_token()};
  for (size_t list = 0; list < std::size(tokens); ++list) {
    CHECK(!tokens[list].empty());
    const std::string knobs(1, static_cast<char>(list | 8));
    seeds->Add("page_tokens", absl::StrCat("good_token_", list), knobs + "-" + tokens[list]);
    seeds->Add("page_tokens", absl::StrCat("good_first_page_", list), knobs + "-");
  }
  const sync::RequestKey key = KeyOf(Records()[4]);
  const std::string ref = sync::MakeRef(key.id);
  const std::vector<std::string> names = {sync::RequestName(key),
                                          sync::RequestName(key) + "/conflicts/modal",
                                          "regions/-/requests/" + ref,
                                          ref,
                                          sync::FormatRef(ref),
                                          "regions/15.01",
                                          sync::EtagOf({IdOf(Records()[5]), IdOf(Records()[6])})};
  for (size_t i = 0; i < names.size(); ++i) {
    seeds->Add("page_tokens", absl::StrCat("name_", i), std::string("\0-", 2) + names[i]);
  }
}

}  // namespace

void MakePlaceSeeds(Seeds* seeds) {
  MakeCursors(seeds);
  MakePageTokens(seeds);
}

}  // namespace tikar::fuzz
