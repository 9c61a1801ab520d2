#!/usr/bin/env node
// stub
