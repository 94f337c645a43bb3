// A node of Kerinci that is asked what it holds.
#ifndef TIKAR_TESTS_UNIT_SYNC_QUERY_FIXTURE_H_
#define TIKAR_TESTS_UNIT_SYNC_QUERY_FIXTURE_H_

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "kerinci_node.h"
#include "sync/query.h"

namespace tikar::sync {

class QueryTest : public testing::Test {
 protected:
  Written File(std::string_view area, std::string_view title) {
    return node_.Take(siti_.Create(area).Set("judul", title));
  }
  v1::ListRequestsResponse List(const v1::RequestFilter& filter = {}, size_t page_size = 50,
                                std::string_view token = "", std::string_view region = kKerinci,
                                size_t scan_max = 20'000) {
    absl::StatusOr<v1::ListRequestsResponse> page =
        ListRequests(node_.reader(), region, filter,
                     {.size = page_size, .token = std::string(token), .scan_max = scan_max});
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : v1::ListRequestsResponse();
  }
  static std::string TitleOf(const v1::Request& request) {
    for (const v1::FieldState& field : request.fields()) {
      if (field.path() == "judul") return field.value().text();
    }
    return "";
  }
  static std::vector<std::string> Titles(const v1::ListRequestsResponse& page) {
    std::vector<std::string> titles;
    for (const v1::Request& request : page.requests()) titles.push_back(TitleOf(request));
    return titles;
  }
  v1::GetRequestHistoryResponse History(const RequestKey& key) {
    absl::StatusOr<v1::GetRequestHistoryResponse> history =
        LoadHistory(node_.reader(), key, *node_.replica().definitions());
    EXPECT_TRUE(history.ok()) << history.status();
    return history.ok() ? *std::move(history) : v1::GetRequestHistoryResponse();
  }
  // What became of a change's write to `path`.
  v1::WriteOutcome OutcomeOf(const Written& change, std::string_view path) {
    const v1::GetRequestHistoryResponse history = History(change.key);
    for (const v1::HistoryItem& item : history.items()) {
      if (item.change_id() != change.id.bytes()) continue;
      for (const v1::WriteOutcome& write : item.writes()) {
        if (write.path() == path) return write;
      }
    }
    ADD_FAILURE() << "no write to " << path;
    return {};
  }
  ConflictPage Conflicts(size_t page_size = 50, std::string_view token = "",
                         std::string_view area = "", std::string_view service = "",
                         std::string_view region = kKerinci) {
    absl::StatusOr<ConflictPage> page = ListConflicts(
        node_.reader(), region, area, service, {.size = page_size, .token = std::string(token)},
        *node_.replica().definitions());
    EXPECT_TRUE(page.ok()) << page.status();
    return page.ok() ? *std::move(page) : ConflictPage();
  }
  // Two who did not know of each other disagree about the money.
  std::pair<Written, Written> Dispute(const Written& created) {
    return {node_.Take(siti_.After(created).Set("biaya", Value::Integer(5))),
            node_.Take(budi_.After(created).Set("biaya", Value::Integer(6)))};
  }

  Officer siti_{"hp-siti"}, budi_{"hp-budi"};
  Officer head_{"kantor", "kepala"};
  Node node_{1};
};

}  // namespace tikar::sync

#endif  // TIKAR_TESTS_UNIT_SYNC_QUERY_FIXTURE_H_
