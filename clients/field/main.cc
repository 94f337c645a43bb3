#include <iostream>

#include "clients/field/application.h"

int main(int argument_count, char** arguments) {
  return tikar::field::RunField(argument_count, arguments, std::cout, std::cerr);
}
