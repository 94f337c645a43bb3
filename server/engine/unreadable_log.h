// Tells the operator of requests that cannot be read.
#ifndef TIKAR_SERVER_ENGINE_UNREADABLE_LOG_H_
#define TIKAR_SERVER_ENGINE_UNREADABLE_LOG_H_

#include "sync/unreadable.h"

namespace tikar::server {

// A line of the log with its name, its number and what to do. Any thread.
void LogUnreadable(const sync::UnreadableRequest& one);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_ENGINE_UNREADABLE_LOG_H_
