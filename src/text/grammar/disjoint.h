// Whether two descriptions have no document in common: what makes oneOf the same as anyOf.
#pragma once

#include "text/grammar/ir.h"

namespace ingle::text::grammar {

/// True only where it is certain: different types, different constants, or objects that a constant member tells apart.
bool are_disjoint(const SchemaTree& tree, NodeId a, NodeId b);

}  // namespace ingle::text::grammar
