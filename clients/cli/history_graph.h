// The graph of a request's changes in lanes of text, as `git log --graph` draws commits, but with
// the oldest on top: a change stands below its parents.
//
//   ●      #1 create
//   ├─╮
//   ● │    #2 set
//   │ ●    #3 set, by somebody who did not know of #2
//   ├─╯
//   ●      #4 settle
#ifndef TIKAR_CLIENTS_CLI_HISTORY_GRAPH_H_
#define TIKAR_CLIENTS_CLI_HISTORY_GRAPH_H_

#include <cstddef>
#include <string>
#include <vector>

#include "google/protobuf/repeated_field.h"
#include "tikar/v1/request.pb.h"

namespace tikar::cli {

// The dot of a change that counts, and of one that was refused or is held.
inline constexpr char kGraphDot[] = "●";
inline constexpr char kGraphHollowDot[] = "○";

// What one change takes of the graph. No row has spaces at its end.
struct GraphRows {
  // Lanes that come together; empty: just one leads here.
  std::string before;
  // The lanes with the change's dot.
  std::string change;
  // The lanes beside what is said about it.
  std::string beside;
  // Lanes that part; empty: at most one leads on.
  std::string after;
};

// One element per item. `items` come as a server sends them, parents before children; a parent that
// is not among those before it begins no lane. At most `lanes_max` (> 0) lanes are drawn: the last
// one then stands for all from there on.
std::vector<GraphRows> DrawHistoryGraph(
    const google::protobuf::RepeatedPtrField<tikar::v1::HistoryItem>& items, size_t lanes_max);

}  // namespace tikar::cli

#endif  // TIKAR_CLIENTS_CLI_HISTORY_GRAPH_H_
