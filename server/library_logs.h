// What gRPC and protobuf have to say, in the server's own log.
#ifndef TIKAR_SERVER_LIBRARY_LOGS_H_
#define TIKAR_SERVER_LIBRARY_LOGS_H_

namespace tikar::server {

// From now on neither library writes to stderr by itself. An error of gRPC (no more open files, a
// caller without a certificate) becomes a warning, at most one in ten seconds; everything else is
// for debugging, above all what protobuf finds wrong with bytes from outside: whoever sent them is
// told, and must not be able to fill the log. Call once, after SetUpLog and before threads start.
void TakeInLibraryLogs();

}  // namespace tikar::server

#endif  // TIKAR_SERVER_LIBRARY_LOGS_H_
