// Every sentence the page itself says, in Spanish and English, and the switch between them.
//
// A node is bound to a key once; changing the language relabels what is on the screen, so nothing is drawn again.
// The Spanish avoids addressing the reader: tú and usted both read it.

const TEXT = {
  skip: ["Ir al mensaje", "Skip to the message"],
  language: ["Idioma", "Language"],
  new: ["Nueva conversación", "New conversation"],
  conversation: ["Conversación", "Conversation"],
  latest: ["Ir al final", "Jump to latest"],
  messageLabel: ["Mensaje", "Message"],
  placeholder: ["Una zona, un precio, una duda…", "An area, a price, a question…"],
  send: ["Enviar", "Send"],
  stop: ["Detener la respuesta", "Stop the answer"],
  fine: ["Información, no asesoría legal, fiscal ni financiera.", "Information, not legal, tax or financial advice."],
  tooLong: ["El mensaje tiene {n} caracteres y el máximo es {max}. Hay que quitar {over}.",
    "The message has {n} characters and the limit is {max}. Remove {over}."],
  nearLimit: ["{left} caracteres disponibles", "{left} characters left"],
  wait: ["Hay una respuesta en curso; el borrador queda guardado.", "An answer is on its way; the draft is kept."],

  headline: ["Cada cifra,\ncon su fuente.", "Every figure,\nwith its source."],
  intro: ["Valor, rentabilidad, crédito y comparación de inmuebles en Colombia, España y México. Donde no hay datos, Ladrillo lo dice.",
    "Value, yield, mortgage and comparison of property in Colombia, Spain and Mexico. Where there is no data, Ladrillo says so."],
  examples: ["Ejemplos por país", "Examples by country"],
  value: ["Valor", "Value"],
  yield: ["Rentabilidad", "Yield"],
  search: ["Búsqueda", "Search"],
  loan: ["Crédito", "Mortgage"],
  compare: ["Comparación", "Comparison"],
  trend: ["Tendencia", "Trend"],

  you: ["Pregunta", "Question"],
  answer: ["Respuesta de Ladrillo", "Answer from Ladrillo"],
  person: ["Persona del equipo", "Person from the team"],
  messageFrom: ["Mensaje de {name}", "Message from {name}"],
  copy: ["Copiar", "Copy"],
  copied: ["Copiado", "Copied"],
  notCopied: ["El navegador no permitió copiar", "The browser did not allow copying"],
  stopped: ["Respuesta detenida", "Answer stopped"],
  sent: ["Recibido. Una persona responderá aquí mismo.", "Received. A person will answer right here."],
  retry: ["Reintentar", "Try again"],
  failed: ["No se pudo enviar: no hay respuesta del servidor.", "Not sent: the server does not answer."],
  unexpected: ["El servidor respondió algo inesperado ({status}).", "The server answered something unexpected ({status})."],
  broken: ["Algo falló en esta página; al recargarla, todo sigue.", "This page failed; reload it and all goes on."],
  offline: ["Sin conexión a internet. Lo escrito no se pierde.", "No internet connection. What is written is kept."],
  reconnecting: ["Se perdió la conexión; reconectando…", "Connection lost; reconnecting…"],
  lost: ["La conversación anterior ya no está disponible; esta empieza de cero.",
    "The earlier conversation is no longer available; this one starts afresh."],
  dismiss: ["Cerrar", "Close"],
  leaveTitle: ["¿Empezar otra conversación?", "Start another conversation?"],
  leaveBody: ["Esta dejará de verse aquí, con su caso y las respuestas que lleguen.",
    "This one will no longer be shown here, nor its case and the replies that arrive."],
  leaveYes: ["Empezar otra", "Start another"],
  leaveNo: ["Seguir en esta", "Stay in this one"],

  steps: ["{n} pasos", "{n} steps"],
  oneStep: ["1 paso", "1 step"],
  seconds: ["{n} s", "{n} s"],
  step_start: ["Pensando…", "Thinking…"],
  step_screen: ["Leyendo el mensaje…", "Reading the message…"],
  step_supervisor: ["Entendiendo la pregunta…", "Understanding the question…"],
  step_market_research: ["Buscando viviendas y mercado…", "Searching homes and market…"],
  step_price_prediction: ["Estimando el valor…", "Estimating the value…"],
  step_roi: ["Calculando la rentabilidad…", "Working out the returns…"],
  step_lead_qualification: ["Anotando lo que se busca…", "Noting what is wanted…"],
  step_comparison: ["Comparando opciones…", "Comparing options…"],
  step_compose: ["Redactando la respuesta…", "Writing the answer…"],
  step_grounding: ["Comprobando cada cifra…", "Checking every figure…"],
  step_decide: ["Decidiendo si basta…", "Deciding whether it is enough…"],
  step_human: ["Avisando a una persona…", "Calling a person…"],

  figure: ["{value}: ver de dónde sale", "{value}: see where it comes from"],
  source: ["Fuente", "Source"],
  asOf: ["Fecha del dato", "As of"],
  interval: ["Intervalo", "Interval"],
  level: ["{n} de cada 100 veces", "{n} times in 100"],
  formula: ["Cómo se calcula", "How it is worked out"],
  inputs: ["A partir de", "Worked out from"],
  attribution: ["Atribución", "Attribution"],
  about: ["De qué", "About"],
  kind_listing: ["Anuncio", "Listing"],
  kind_aggregate: ["Resumen de anuncios", "Summary of listings"],
  kind_series: ["Serie estadística", "Statistical series"],
  kind_document: ["Documento", "Document"],
  kind_model: ["Modelo de valoración", "Valuation model"],
  kind_computation: ["Cálculo", "Calculation"],
  kind_rule: ["Norma o parámetro con fecha", "Dated rule or parameter"],
  kind_user: ["Dato de la conversación", "Given in the conversation"],
  kind_lead: ["Ficha de contacto", "Contact record"],
  kind_case: ["Caso", "Case"],
  demo: ["datos de demostración", "demo data"],
  demoTitle: ["Datos de demostración", "Demo data"],
  demoBody: ["Esta cifra o este inmueble es generado: sirve para probar Ladrillo, con niveles calibrados en fuentes publicadas. No describe una oferta real.",
    "This figure or property is generated: it is there to try Ladrillo, at levels calibrated on published sources. It does not describe a real offer."],

  listings: ["Inmuebles", "Properties"],
  project: ["Proyecto", "Project"],
  observed: ["Visto: {date}", "Seen: {date}"],
  asChart: ["Gráfico", "Chart"],
  asTable: ["Tabla", "Table"],
  date: ["Fecha", "Date"],
  low: ["{name}, mínimo", "{name}, low"],
  high: ["{name}, máximo", "{name}, high"],
  citations: ["Documentos citados", "Documents cited"],
  citation: ["Cita {n}", "Citation {n}"],
  suggestions: ["Se puede seguir con", "Possible next questions"],
  confidence_high: ["Confianza alta", "High confidence"],
  confidence_medium: ["Confianza media", "Medium confidence"],
  confidence_low: ["Confianza baja", "Low confidence"],

  talk: ["Hablar con una persona", "Talk to a person"],
  talkText: ["Sí, quiero hablar con una persona", "Yes, I want to talk to a person"],
  consent: ["Permiso para guardar datos de contacto", "Permission to keep contact details"],
  accept: ["Acepto", "I accept"],
  refuse: ["No", "No"],
  acceptText: ["Sí, acepto", "Yes, I accept"],
  refuseText: ["No, gracias", "No, thanks"],
  memory: ["Recordar mis preferencias", "Remember my preferences"],
  memoryLoading: ["Un momento…", "One moment…"],
  memoryNothing: ["Todavía no se recuerda nada.", "Nothing is remembered yet."],
  memorySince: ["desde el {date}", "since {date}"],
  memoryNext: ["Se tiene en cuenta en las conversaciones que empiecen desde ahora. Lo que se diga en cada una va por delante.",
    "It is taken into account in conversations started from now on. What is said in each comes first."],
  memoryAgreed: ["Lo que se autorizó", "What was agreed to"],
  memoryErase: ["Borrar y no recordar más", "Erase and stop remembering"],
  memoryErased: ["Borrado: ya no se recuerda nada.", "Erased: nothing is remembered any more."],
  someone: ["Una persona", "A person"],
  case: ["Caso {id}", "Case {id}"],
  case_open: ["Abierto. La respuesta llega aquí mismo.", "Open. The reply arrives right here."],
  case_claimed: ["{by} lo está atendiendo.", "{by} is on it."],
  case_returned: ["Ladrillo vuelve a responder.", "Ladrillo is answering again."],
  case_resolved: ["Resuelto.", "Resolved."],
};

const bound = new WeakMap();
let current = "es";

export function browserLanguage() {
  return (navigator.languages ?? [navigator.language]).map((tag) => tag.slice(0, 2)).find((tag) => tag === "es" || tag === "en") ?? "es";
}

export function language() {
  return current;
}

export function has(key) {
  return key in TEXT;
}

/** The sentence of `key` in `lang`, with `{name}` filled from `vars`. */
export function t(key, vars = {}, lang = current) {
  const text = TEXT[key][lang === "en" ? 1 : 0];
  return text.replace(/\{(\w+)\}/g, (_, name) => vars[name] ?? "");
}

function apply(node) {
  for (const [target, { key, vars }] of bound.get(node) ?? []) {
    if (target === "text") node.textContent = t(key, vars);
    else node.setAttribute(target, t(key, vars));
  }
}

/** Ties a node's text (or an attribute) to a key; returns the node. */
export function say(node, key, vars = {}, target = "text") {
  if (!bound.has(node)) bound.set(node, new Map());
  bound.get(node).set(target, { key, vars });
  node.toggleAttribute("data-said", true);
  apply(node);
  return node;
}

export function setLanguage(next) {
  current = next;
  document.documentElement.lang = next;
  for (const node of document.querySelectorAll("[data-said]")) apply(node);
}

/** Binds the nodes that index.html marks with data-t (text) and data-t-<attribute>. */
export function bindPage() {
  for (const node of document.querySelectorAll("*")) {
    for (const { name, value } of [...node.attributes]) {
      if (name === "data-t") say(node, value);
      else if (name.startsWith("data-t-")) say(node, value, {}, name.slice(7));
    }
  }
}
