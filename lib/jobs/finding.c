#include "jobs/finding.h"

#include <assert.h>

const struct ra_finding_code ra_finding_codes[] = {
    {0},
};
