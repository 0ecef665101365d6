export { default } from "npm:fast-check@4.11.0";
