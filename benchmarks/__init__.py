"""Measurements, run by hand and reported in docs/. Tests use short versions of some.

    python -m benchmarks.NAME --help

Programs:

  speed        tickets a second and latency of one server by number of clients, and where
               the time of a ticket goes
  throughput   tickets a second with one process and with more workers, CPU time a ticket
  models       latency and throughput with a model, and what happens when its calls fail
  vectors      speed, recall and memory of the search for similar tickets, in memory and by
               pgvector
  fresh_setup  whether the README's commands work from an empty directory on each Python
  chaos        what is lost or done twice while processes are killed under load
  zombies      what a worker changes that was frozen past its lease
  races        who wins when two people decide an approval at the same moment
  outages      what is lost when the disk is full or PostgreSQL stopped or frozen
  receiver     a webhook receiver that records every delivery, for the others
  corpus       prints distinct tickets as JSON

What they share: guarantees (checks the database afterwards), recovery (how long runs stood
still after a kill), fleet (starts, kills and freezes processes), clients, slow_model, quota
(limits the CPU of a process), waiting, table.
"""
