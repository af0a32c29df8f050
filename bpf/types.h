/* SPDX-License-Identifier: MIT OR GPL-2.0-only */
/* Every struct and enum that Go sees too: a header a probe. */
#pragma once

#include "types/python.h"
#include "types/process.h"
#include "types/calls.h"
#include "types/gil.h"
#include "types/park.h"
