#include <iostream>

#include "clients/fieldsim/application.h"

int main(int argument_count, char** arguments) {
  return tikar::fieldsim::RunFieldsim(argument_count, arguments, std::cout, std::cerr);
}
