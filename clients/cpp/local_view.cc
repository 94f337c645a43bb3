#include "clients/cpp/local_view.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "sync/ref.h"
#include "sync/state.h"

namespace tikar::client {
namespace {

// Whether the state itself names the change: then it contains it, whatever was lost of the answer.
bool Names(const v1::Request& request, const sync::ChangeId& id) {
  const auto is_id = [&](const std::string& head) { return head == id.view(); };
  if (std::any_of(request.heads().begin(), request.heads().end(), is_id)) return true;
  const auto has_candidate = [&](const v1::FieldState& field) {
    return std::any_of(
        field.candidates().begin(), field.candidates().end(),
        [&](const v1::Candidate& candidate) { return candidate.change_id() == id.view(); });
  };
  return std::any_of(request.fields().begin(), request.fields().end(), has_candidate) ||
         std::any_of(request.elements().begin(), request.elements().end(), has_candidate);
}

bool Contains(const std::optional<ReplicaRow>& row, const OutboxChange& change) {
  if (!row) return false;
  if (Names(row->request, change.change.id)) return true;
  return std::any_of(change.acknowledgements.begin(), change.acknowledgements.end(),
                     [&](const Acknowledgement& acknowledgement) {
                       return acknowledgement.feed_id != sync::FeedId::kNone &&
                              acknowledgement.feed_id == row->feed_id &&
                              acknowledgement.feed_position <= row->request.feed_position();
                     });
}

// A server has the change and the request is not in this phone's scope: there will be no state with
// it, unless the change itself brings the request back; then that state forgets the departure.
bool LeftWith(const std::optional<Departure>& departure, const OutboxChange& change) {
  return departure.has_value() && !change.acknowledgements.empty();
}

enum class Place { kOnTop, kHeadOnly, kNowhere };

Place PlaceOf(const OutboxChange& change, const std::optional<ReplicaRow>& row,
              const std::optional<Departure>& departure, bool server_shows_it) {
  switch (change.fate) {
    case ChangeFate::kUnsent:
      return Contains(row, change) ? Place::kNowhere : Place::kOnTop;
    case ChangeFate::kAcknowledged:
    case ChangeFate::kQuarantined:
      return Contains(row, change) || LeftWith(departure, change) ? Place::kNowhere : Place::kOnTop;
    case ChangeFate::kRefused:
      if (!server_shows_it && !departure) return Place::kOnTop;
      // The server keeps a stub of it, so it is a parent of what the officer does next.
      return Contains(row, change) || departure || change.answer.seq() == 0 ? Place::kNowhere
                                                                            : Place::kHeadOnly;
    case ChangeFate::kParked:
      return server_shows_it || departure ? Place::kNowhere : Place::kOnTop;
  }
  return Place::kNowhere;
}

void MakeHead(const sync::ParsedChange& change, sync::State* state) {
  std::vector<sync::ChangeId>& heads = state->heads;
  std::erase_if(heads, [&](const sync::ChangeId& head) {
    return head == change.id ||
           std::binary_search(change.parents.begin(), change.parents.end(), head);
  });
  heads.insert(std::upper_bound(heads.begin(), heads.end(), change.id), change.id);
}

std::shared_ptr<const sync::Definition> DefinitionFor(const LocalStore& store,
                                                      const sync::ParsedChange& change,
                                                      const sync::State& state) {
  if (sync::IsCreate(change.body)) {
    const auto hash =
        sync::DefinitionHash::FromBytes(change.body.mutations(0).create().definition_hash());
    return hash ? store.Find(*hash) : nullptr;
  }
  return state.definition.is_zero() ? nullptr : store.Find(state.definition);
}

}  // namespace

absl::StatusOr<std::optional<BuiltView>> BuildView(LocalStore* store, const sync::RequestKey& key) {
  ASSIGN_OR_RETURN(const std::optional<ReplicaRow> row, store->replica().Find(key));
  ASSIGN_OR_RETURN(const std::optional<Departure> departure, store->replica().FindDeparture(key));
  ASSIGN_OR_RETURN(const std::vector<OutboxChange> changes, store->outbox().OfRequest(key));

  BuiltView view;
  view.shown.key = key;
  view.shown.departed = departure.has_value();
  view.local.state.key = key;
  if (row) {
    RETURN_IF_ERROR(sync::RequestFromProto(row->request, &view.local.state, &view.local.elements));
  }
  const bool server_shows_it = row && row->request.availability() != v1::AVAILABILITY_NEEDS_CREATE;
  bool on_top = false;
  for (const OutboxChange& change : changes) {
    if (change.fate == ChangeFate::kUnsent) ++view.shown.unsent;
    if (change.fate == ChangeFate::kQuarantined) view.shown.waiting = true;
    if (change.fate == ChangeFate::kRefused || change.fate == ChangeFate::kParked) {
      view.shown.needs_attention = true;
    }
    switch (PlaceOf(change, row, departure, server_shows_it)) {
      case Place::kNowhere:
        continue;
      case Place::kHeadOnly:
        MakeHead(change.change, &view.local.state);
        continue;
      case Place::kOnTop:
        on_top = true;
        sync::ApplyPending(change.change,
                           DefinitionFor(*store, change.change, view.local.state).get(),
                           &view.local);
        MakeHead(change.change, &view.local.state);
        for (const sync::Write& write : change.change.writes) {
          view.shown.pending_paths.push_back(write.path);
        }
    }
  }
  if (!row && !on_top) return std::optional<BuiltView>();

  std::vector<std::string>& paths = view.shown.pending_paths;
  std::sort(paths.begin(), paths.end());
  paths.erase(std::unique(paths.begin(), paths.end()), paths.end());
  view.shown.ref = sync::MakeRef(key.id);
  if (on_top) {
    view.shown.request =
        sync::RequestToProto(view.local.state, view.local.elements, sync::StateDigest(),
                             row ? row->request.feed_position() : 0);
    view.shown.request.clear_state_digest();
  } else {
    view.shown.request = row->request;
  }
  return std::optional<BuiltView>(std::move(view));
}

}  // namespace tikar::client
