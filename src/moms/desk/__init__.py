"""The use cases in order: submit, assess, settle, place, notify, operate, close."""
