package calls_test

import _ "pytop/collect/live/registry" // the probes
