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

#include "server/backup_keeper.h"
#include "server/catalog.h"
#include "server/engine/engine.h"
#include "server/mirror_dialler.h"
#include "server/mirror_options.h"
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
// On the listener for nodes, or on the one for all where links are without TLS.
std::unique_ptr<grpc::Service> MakeMirrorService(Engine* engine, const MirrorOptions& options);
std::unique_ptr<grpc::Service> MakePeerService(Engine* engine, MirrorDialler* dialler);
std::unique_ptr<grpc::Service> MakeBackupService(Engine* engine, BackupOptions options);
// `data_directory` is where the node's identity is, and what bundles need.
std::unique_ptr<grpc::Service> MakeBundleService(Engine* engine, std::string data_directory);
std::unique_ptr<grpc::Service> MakeStatusService(Engine* engine, const Catalog* catalog,
                                                 std::string data_directory,
                                                 TableFilesSource table_files);

}  // namespace tikar::server

#endif  // TIKAR_SERVER_SERVICES_H_
