// The gRPC services, one file each. They parse, ask the engine, and answer; what is true is decided
// below.
//
// Each outlives the gRPC server it is registered with; `engine` and `catalog` outlive it.
#ifndef TIKAR_SERVER_SERVICES_H_
#define TIKAR_SERVER_SERVICES_H_

#include <grpcpp/impl/codegen/service_type.h>

#include <functional>
#include <memory>
#include <string>

#include "server/catalog.h"
#include "server/engine/engine.h"
#include "storage/rocksdb_store.h"

namespace tikar::server {

// The files of the store that is open now; may be null, and may say null.
using TableFilesSource = std::function<std::shared_ptr<const storage::TableFiles>()>;

std::unique_ptr<grpc::Service> MakeSyncService(Engine* engine);
std::unique_ptr<grpc::Service> MakeRequestService(Engine* engine, const Catalog* catalog);
std::unique_ptr<grpc::Service> MakeConflictService(Engine* engine);
std::unique_ptr<grpc::Service> MakeCatalogService(Engine* engine, const Catalog* catalog);
std::unique_ptr<grpc::Service> MakeInboxService(Engine* engine);
std::unique_ptr<grpc::Service> MakeReportService(Engine* engine);
std::unique_ptr<grpc::Service> MakeStatusService(Engine* engine, const Catalog* catalog,
                                                 std::string data_directory,
                                                 TableFilesSource table_files);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_SERVICES_H_
