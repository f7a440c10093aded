"""Notifications, health-check pings and metrics of unattended runs."""
