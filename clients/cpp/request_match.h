// Whether a request is what a list asks for. A pure function.
#ifndef TIKAR_CLIENTS_CPP_REQUEST_MATCH_H_
#define TIKAR_CLIENTS_CPP_REQUEST_MATCH_H_

#include "tikar/v1/request.pb.h"
#include "tikar/v1/request_service.pb.h"

namespace tikar::client {

// Everything set in the filter holds; see RequestFilter.
bool Matches(const v1::Request& request, const v1::RequestFilter& filter);

}  // namespace tikar::client

#endif  // TIKAR_CLIENTS_CPP_REQUEST_MATCH_H_
