//! The built-in plugins of nasfw: spaces, controllers, schedules and tasks.
