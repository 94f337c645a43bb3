#include <iostream>

#include "clients/cli/application.h"

int main(int argument_count, char** arguments) {
  return tikar::cli::RunTikar(argument_count, arguments, std::cout, std::cerr);
}
